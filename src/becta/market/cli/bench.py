"""`market bench`: relevance and speed."""

from pathlib import Path

import click


@click.group()
def bench() -> None:
    """Measure relevance and speed."""


@bench.command()
@click.option("--products", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--qrels", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--verbose", is_flag=True, help="Also print every query.")
def relevance(products: Path, qrels: Path, verbose: bool) -> None:
    """nDCG@10 of the search API on products (JSON Lines, CSV, .gz) and judgments (query,docid,rating)."""
    from becta.market.bench.relevance import relevance as measure  # noqa: PLC0415 - other commands need not wait for it

    scores = measure(products, qrels)
    if verbose:
        click.echo(f"{'query':<32} {'plain':>7} {'condensed':>10} {'unjudged':>9}")
        for score in scores:
            click.echo(f"{score.query:<32} {score.plain:>7.3f} {score.condensed:>10.3f} {score.unjudged:>9}")
    count = len(scores)
    click.echo(f"queries: {count}")
    click.echo(f"nDCG@10 plain:     {sum(score.plain for score in scores) / count:.4f}")
    click.echo(f"nDCG@10 condensed: {sum(score.condensed for score in scores) / count:.4f}")


@bench.command()
@click.option("--scale", type=click.IntRange(1_000), default=100_000, show_default=True, help="Listings.")
@click.option("--seconds", type=click.IntRange(1, 60), default=5, show_default=True, help="Of load for each route.")
def speed(scale: int, seconds: int) -> None:
    """Engine and endpoints at scale, as ratios measured in this one run."""
    from becta.market.bench.speed import speed as measure  # noqa: PLC0415

    for line in measure(scale, seconds=seconds):
        click.echo(line)


@bench.command()
@click.option("--events", type=click.IntRange(1_000), default=3_000_000, show_default=True, help="Events of the trail.")
def trail(events: int) -> None:
    """The audit trail at scale: histories, the share of a write, and the time to verify all of it."""
    from becta.market.bench.trail import trail as measure  # noqa: PLC0415

    for line in measure(events):
        click.echo(line)


@bench.command()
@click.option("--enrolments", type=click.IntRange(1_000), default=1_000_000, show_default=True, help="Of the package.")
def badges(enrolments: int) -> None:
    """How soon credentials are verified, and what checking a large OneRoster package takes."""
    from becta.market.bench.badges import badges as measure  # noqa: PLC0415

    for line in measure(enrolments):
        click.echo(line)
