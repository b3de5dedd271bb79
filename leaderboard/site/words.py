"""What the reader may conclude and may not, in sentences that are derived from the data and true of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard.captions import counted
from leaderboard.cells import clean
from leaderboard.live import simulated
from leaderboard.pairs import reversed_pair
from leaderboard.ranks import Comparison, Ranking
from leaderboard.site.source import SELF_REPORTED
from leaderboard.site.study import Study, track

__all__ = ["headline", "may", "may_not", "origin_sentence"]

_FEW = 4
_SPACE = "\u00a0"
"""Keeps a number and its unit on one line."""


def headline(study: Study) -> list[str]:
    """The first screen: what was compared, who leads, by how much, and what a difference must be to count."""
    board, ranking = study.lead
    worlds = f"{counted(len(board.runs['world'].unique()), 'world')}" if board.instances else "the same worlds"
    worlds += f" of the ranked stratum {clean(board.stratum)}" if board.instances else ""
    runs = f"{counted(len(ranking.order), 'method')}, {worlds}, search budget {board.search} each; {_unit(study)}."
    return [runs, _best_sentence(study), _reference_sentence(study), *_origin(study)]


def may(study: Study) -> list[str]:
    """What the data allow to be said."""
    found = [_best_sentence(study), _reference_sentence(study)]
    found += [
        *_baseline_sentences(study),
        *_track_sentences(study),
        *_budget_sentence(study),
        *_agent_sentences(study),
    ]
    return list(dict.fromkeys(found))


def may_not(study: Study) -> list[str]:
    """What the data do not allow to be said."""
    return [
        *_origin(study),
        *_scope(study),
        *_order(study),
        *_power(study),
        *_tasks(study),
        *_scripted(study),
        *_traps(study),
        *_references(study),
        *_failures(study),
        *_badges(study),
        *_left_out(study),
        *_assumed(study),
    ]


def origin_sentence(study: Study) -> str:
    """Whether the numbers were simulated or measured."""
    kinds = [simulated(board) for board in study.boards]
    if all(kinds):
        return (
            "Everything here was simulated: the answers come from statistical models of LLM calls. The site "
            "says how methods do in those worlds, and nothing has been measured on real models."
        )
    if any(kinds):
        return (
            "Some boards were simulated and some measured; each table says which, and they are never mixed in one."
        )
    return "Nothing here was simulated: the answers are those of real calls."


def _origin(study: Study) -> list[str]:
    return [origin_sentence(study)]


def _unit(study: Study) -> str:
    board = study.lead.board
    return (
        "the unit of every test is the world" if board.instances else "the unit of every test is the search seed"
    )


def _best_sentence(study: Study) -> str:
    board, ranking = study.lead
    best = ranking.order[0]
    name, value = clean(board.labels[best]), 100 * ranking.estimates[best].mean
    others = [method for method in ranking.order if method in ranking.tied and method != best]
    if study.kind(best) != "method":
        notes = sorted({str(note) for note in board.runs.loc[board.runs["method"] == best, "note"].fillna("")})
        name += f" ({': '.join(filter(None, [study.kind(best), clean(notes[0])]))})"
    start = f"{name} has the highest mean accuracy, {value:.1f}{_SPACE}%"
    if len(ranking.order) == 1:
        return f"{start}; nothing else was run."
    if not others:
        return f"{start}, and is separated from every other method."
    return f"{start}, but is not separated from {_names(study, others, 2)}: the first place is shared."


def _reference_sentence(study: Study) -> str:
    ranking, reference = study.lead.ranking, study.plan.reference
    if not ranking.against_reference:
        return f"The reference method ({clean(reference)}) has no runs here, so nothing is compared with it."
    better, worse = _separated(ranking)
    label = clean(study.labels[reference])
    total = len(ranking.against_reference)
    if not better:
        words = f"No method is better than {label} beyond doubt"
    else:
        large = [m for m in better if ranking.against_reference[m].matters]
        rope = f"{100 * study.plan.rope:g}{_SPACE}point"
        certain = f"for {len(large)} of them the interval" if large else "but no interval"
        words = (
            f"{len(better)} of {total} methods {'is' if len(better) == 1 else 'are'} better than {label} "
            f"({_names(study, better)}), {certain} lies wholly beyond {rope}"
        )
    return (
        f"{words}. {len(worse)} {'is' if len(worse) == 1 else 'are'} worse; the others are not separated from it."
    )


def _separated(ranking: Ranking) -> tuple[list[str], list[str]]:
    """Methods better and worse than the reference, in order."""
    found = [ranking.against_reference[method] for method in ranking.order if method in ranking.against_reference]
    better = [c.method for c in found if c.separated and c.low > 0]
    return better, [c.method for c in found if c.separated and c.high < 0]


def _baseline_sentences(study: Study) -> Iterator[str]:
    """How the best method that is none of the baselines stands to each of them."""
    ranking = study.lead.ranking
    entrants = [m for m in ranking.order if study.kind(m) == "method"]
    for baseline in [m for m in study.first if m in ranking.order and entrants]:
        found = _pair(ranking, entrants[0], baseline)
        if found is not None:
            yield (
                f"The best searcher that is no control, {clean(study.labels[entrants[0]])}, against "
                f"{clean(study.labels[baseline])}: {_effect(found)}."
            )


def _pair(ranking: Ranking, method: str, other: str) -> Comparison | None:
    for found in ranking.pairs:
        if (found.method, found.other) == (method, other):
            return found
        if (found.method, found.other) == (other, method):
            return reversed_pair(found)
    return None


def _effect(found: Comparison) -> str:
    difference = f"{100 * found.test.mean_difference:+.1f} points"
    if not found.separated:
        return f"{difference}, not separated"
    return f"{difference}, separated ({100 * found.low:+.1f} to {100 * found.high:+.1f}, adjusted for all pairs)"


def _track_sentences(study: Study) -> Iterator[str]:
    """Which verdicts against the reference hold on every track in the lead's tier."""
    lead = study.lead.board
    twins = [
        s
        for s in study.with_reference()
        if (s.board.tier, s.board.budget, s.board.stratum) == (lead.tier, lead.budget, lead.stratum)
    ]
    names = list(dict.fromkeys(track(s.board) for s in twins))
    if len(names) < 2 or len(twins) != len(names):
        return
    better = [_separated(s.ranking)[0] for s in twins]
    always = [method for method in better[0] if all(method in own for own in better)]
    never = sorted({m for own in better for m in own} - set(always))
    label = clean(study.labels[study.plan.reference])
    if always:
        yield f"On each of the tracks {_listed(names)}, better than {label}: {_names(study, always)}."
    else:
        yield f"No method is separated upwards from {label} on each of the tracks {_listed(names)}."
    if never:
        yield (
            f"On some of these tracks alone: {_names(study, never)}; whether they win depends on what is counted."
        )


def _budget_sentence(study: Study) -> Iterator[str]:
    """Whether the leads of the largest search budget are there at the smallest."""
    group = study.groups[0] if study.groups else []
    if len(group) < 2 or not all(s.ranking.against_reference for s in group):
        return
    small, large = _separated(group[0].ranking)[0], _separated(group[-1].ranking)[0]
    label = clean(study.labels[study.plan.reference])
    yield (
        f"At the smallest search budget ({group[0].board.search}) {len(small)} of "
        f"{len(group[0].ranking.against_reference)} methods are separated upwards from {label}, at the largest "
        f"({group[-1].board.search}) {len(large)} of {len(group[-1].ranking.against_reference)}."
    )


def _agent_sentences(study: Study) -> Iterator[str]:
    board, ranking = study.lead
    costs = study.costs(study.lead)
    asked = [m for m in ranking.order if costs[m].agent_share > 0]
    if asked:
        shares = ", ".join(f"{clean(board.labels[m])} {costs[m].agent_share:.1%}" for m in asked)
        yield f"Share of the compute that went to the optimizer's own LLM, charged like any other: {shares}."


def _scope(study: Study) -> Iterator[str]:
    board = study.lead.board
    if not simulated(board):
        yield "The claims are for new search seeds and for questions like these, on the models that were called."
    elif board.instances:
        yield (
            "The claims are for new worlds of this family, whose parameters are a declared range around "
            "fitted ones; a real model pool may lie outside it."
        )
    else:
        yield (
            "The claims are for new search seeds in these very worlds, not for other worlds: more seeds "
            "would only say how patient a method is here."
        )


def _order(study: Study) -> Iterator[str]:
    ranking = study.lead.ranking
    tied = sum(not found.separated for found in ranking.pairs)
    if tied:
        yield (
            f"The order of rows is no ranking: {tied} of {len(ranking.pairs)} pairs are not separated. "
            "Methods that share a letter may be in any order, and not separated is not the same as equal."
        )


def _power(study: Study) -> Iterator[str]:
    detectable = study.lead.ranking.detectable
    if detectable:
        usual, worst = (100 * value for value in detectable)
        yield (
            f"Differences to the reference below about {usual:.1f} points (noisiest comparison: {worst:.1f}) "
            "would most likely have been missed, so a tie says little about them (80 % power, one test at 5 "
            "%, before Holm)."
        )
    else:
        yield (
            "No interval can be given with one run, or where nothing varies: the table shows values and no "
            "verdicts."
        )


def _tasks(study: Study) -> Iterator[str]:
    if len(study.lead.board.tasks) > 1:
        yield (
            "Not that a method is better on one task: the plan's endpoint is the mean over all; tasks are "
            "secondary."
        )


def _scripted(study: Study) -> Iterator[str]:
    runs = study.lead.board.runs
    notes = runs["note"].fillna("").astype(str)
    scripted = sorted(runs.loc[notes.str.startswith("scripted agent"), "method"].unique())
    if scripted:
        yield (
            f"Nothing about LLM-driven optimizers: in {_names(study, scripted)} a deterministic script answers in "
            "place of the LLM."
        )


def _traps(study: Study) -> Iterator[str]:
    lead = study.lead.board
    apart = [
        board
        for board in study.boards
        if not board.ranked and board.full and (board.variant, board.budget, board.tier) == _key(study)
    ]
    if apart and lead.instances:
        parts = ", ".join(f"{len(b.runs['world'].unique())} of stratum {b.stratum}" for b in apart)
        yield (
            f"Nothing about worlds without anything to find: {parts} were run and are reported apart, never "
            "ranked."
        )


def _key(study: Study) -> tuple[str, str, str]:
    board = study.lead.board
    return board.variant, board.budget, board.tier


def _references(study: Study) -> Iterator[str]:
    places = study.lead.board.runs.drop_duplicates(["task", "world", "seed"])
    below = int(places["reference_how"].astype(str).str.contains("lower bound").sum())
    if below:
        yield (
            f"Not how far from optimal: in {below} of {len(places)} places the reference is a lower bound, "
            "so regret is understated and a score of 1 is not the optimum there."
        )


def _failures(study: Study) -> Iterator[str]:
    status = study.source.runs.loc[~study.source.runs["checkpoint"].astype(bool), "status"]
    failed, lost = int((status == "method_fault").sum()), int((status == "infra").sum())
    if failed:
        yield (
            f"{counted(failed, 'run')} of {len(status)} failed by the method's fault and count with what "
            "they had; the methods' pages list them."
        )
    if lost:
        yield (
            f"{counted(lost, 'run')} of {len(status)} were lost to infrastructure; their blocks are left out "
            "for all."
        )


def _badges(study: Study) -> Iterator[str]:
    own = [method for method in study.methods if study.source.badge(method) == SELF_REPORTED]
    if own:
        who = (
            "every entry is"
            if len(own) == len(study.methods)
            else f"{len(own)} of {len(study.methods)} entries are"
        )
        yield f"By badge {who} self-reported: nobody has repeated those runs independently."


def _left_out(study: Study) -> Iterator[str]:
    left = study.lead.ranking.samples.blocks.left_out
    if left:
        yield f"{counted(len(left), 'place')} were left out for all methods because one of them lacks a run there."
    if study.source.broken:
        yield (
            f"{counted(len(study.source.broken), 'file')} could not be read and are missing; Provenance "
            "names them."
        )


def _assumed(study: Study) -> Iterator[str]:
    if study.plan.assumed:
        yield (
            "The suite's own plan is not at hand: reference method and margins are defaults, so nothing is "
            "confirmatory."
        )


def _names(study: Study, methods: Sequence[str], few: int = _FEW) -> str:
    labels = [clean(study.labels[method]) for method in methods]
    if len(labels) > few + 1:
        return f"{', '.join(labels[:few])} and {len(labels) - few} more"
    return _listed(labels)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
