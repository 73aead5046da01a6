"""Run a compiled pipeline by a cron line; see README.md."""

from pipeline.cluster.submit.commands import schedule

if __name__ == "__main__":
    schedule(prog_name="create_schedule.py")
