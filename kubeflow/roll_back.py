"""Serve a decoder again that was pushed before; see README.md."""

from pipeline.cluster.submit.commands import roll_back

if __name__ == "__main__":
    roll_back(prog_name="roll_back.py")
