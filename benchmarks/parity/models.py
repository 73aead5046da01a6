"""The claims of the sources about their models, answered from the results of all seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from measure import PROBE, PROBED, QUALITY, STYLE
from results import Results
from verdicts import agreed, spread

GAMMAS = {"gan_gamma_0.1": "0.1", "gan_gamma_1": "1", "gan_gamma_10": "10"}
CROSS_ENTROPY = "gan_cross_entropy"
Measures = Mapping[str, float]


def claims(results: Mapping[str, Results]) -> Iterator[dict[str, str]]:
    """Yields the lines of the table of claims that something was measured for."""
    for name in PROBED:
        if name in results and results[name].measured(PROBE):
            yield _independent(results[name])
    for name in PROBED:
        if name in results and results[name].measured(STYLE):
            yield _kept(results[name])
    if results.keys() >= GAMMAS.keys():
        yield _gamma([results[name] for name in GAMMAS])
    if results.keys() >= {CROSS_ENTROPY, "gan_gamma_1"}:
        yield _cross_entropy(results[CROSS_ENTROPY], results["gan_gamma_1"])


def _independent(each: Results) -> dict[str, str]:
    found, model = each.measured(PROBE), each.recipe["model"]
    conditional = model["condition"] != "none"
    claim = "z says nothing of the digit" if conditional else "without the digit, to compare"
    return {
        "claim": f"`{each.row.name}`, latent {model['latent_dim']}: {claim}",
        "measured": f"a linear probe of z_mean is right on {_over(found, 'linear', '.1%')}, its 50 "
        f"nearest neighbours on {_over(found, 'neighbours', '.1%')}; chance is "
        f"{found[0]['chance']:.1%}",
        "seeds": each.seeds(),
        "answer": agreed([independence(one) for one in found], each.missing) if conditional else "",
    }


def independence(found: Measures) -> str:
    """Returns whether the better of two probes is hardly better than chance."""
    ratio = max(found["linear"], found["neighbours"]) / found["chance"]
    return "yes" if ratio < 1.1 else "nearly" if ratio < 1.5 else "no"


def _kept(each: Results) -> dict[str, str]:
    found = each.measured(STYLE)
    answers = [
        ", ".join(f"{what} {'kept' if value > 0.5 else 'not kept'}" for what, value in one.items())
        for one in found
    ]
    return {
        "claim": f"`{each.row.name}`: style transfer keeps slant and thickness of strokes",
        "measured": f"correlations: slant {_over(found, 'slant', '.2f')}, thickness "
        f"{_over(found, 'thickness', '.2f')}",
        "seeds": each.seeds(),
        "answer": agreed(answers, each.missing),
    }


def _gamma(rows: Sequence[Results]) -> dict[str, str]:
    """The paper's claim, of which the source saw nothing."""
    found = [each.measured(QUALITY) for each in rows]
    answers = [gamma_effect(one) for one in zip(*found, strict=False)]
    errors = ", ".join(_over(one, "mse", ".4f") for one in found)
    sharp = ", ".join(_over(one, "sharpness", ".2f") for one in found)
    return {
        "claim": f"gamma ({', '.join(GAMMAS.values())}): the larger, the more content and the less "
        "style (the paper; the source did not see it)",
        "measured": f"reconstruction MSE {errors}; sharpness of samples {sharp}",
        "seeds": rows[0].seeds(),
        "answer": agreed(answers, _missing(*rows)),
    }


def gamma_effect(found: Sequence[Measures]) -> str:
    """Returns what larger values of gamma, in order, did to models of one seed."""
    errors, sharp = [each["mse"] for each in found], [each["sharpness"] for each in found]
    content, style = errors == sorted(errors, reverse=True), sharp == sorted(sharp, reverse=True)
    return f"content {_seen(content)}, style {_seen(style)}"


def _cross_entropy(entropy: Results, squared: Results) -> dict[str, str]:
    found = entropy.measured(QUALITY), squared.measured(QUALITY)
    answers = [better_in(*pair) for pair in zip(*found, strict=False)]

    def both(name: str, form: str) -> str:
        return ", ".join(_over(one, name, form) for one in found)

    return {
        "claim": "cross-entropy on the l-layer gives better results than squared error",
        "measured": f"MSE {both('mse', '.4f')}; label fidelity {both('fidelity', '.1%')}; "
        f"sharpness {both('sharpness', '.2f')}",
        "seeds": entropy.seeds(),
        "answer": agreed(answers, _missing(entropy, squared)),
    }


def better_in(entropy: Measures, squared: Measures) -> str:
    """Returns in which of three respects the first of two models is the better one."""
    better = {
        "reconstruction MSE": entropy["mse"] < squared["mse"],
        "label fidelity": entropy["fidelity"] > squared["fidelity"],
        "sharpness": abs(entropy["sharpness"] - 1) < abs(squared["sharpness"] - 1),
    }
    won = [name for name, is_better in better.items() if is_better]
    return {0: "no", 3: "yes"}.get(len(won), f"in {len(won)} of 3: {', '.join(won)}")


def _missing(*rows: Results) -> list[int]:
    return sorted({seed for each in rows for seed in each.missing})


def _over(found: Sequence[Measures], name: str, form: str) -> str:
    return spread([one[name] for one in found], form)


def _seen(ordered: bool) -> str:
    return "seen" if ordered else "not seen"
