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


@bench.command()
@click.option("--suppliers", type=click.IntRange(4, 100), default=20, show_default=True)
@click.option("--lots", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--schools", type=click.IntRange(10, 20_000), default=2_000, show_default=True, help="Each in every lot.")
@click.option("--seconds", type=click.IntRange(1, 600), default=25, show_default=True, help="At most for each split.")
def awards(suppliers: int, lots: int, schools: int, seconds: int) -> None:
    """How soon the cheapest split of a large procurement is found, and its gap."""
    from becta.market.bench.awards import awards as measure  # noqa: PLC0415

    for line in measure(suppliers=suppliers, lots=lots, schools=schools, seconds=seconds):
        click.echo(line)


@bench.command()
@click.option("--uploads", type=click.IntRange(10), default=2_000, show_default=True, help="Bids, each of a supplier.")
@click.option("--kilobytes", type=click.IntRange(0, 4_000), default=100, show_default=True, help="Of the file in each.")
def bids(uploads: int, kilobytes: int) -> None:
    """The last minute before a deadline: how fast bids are sealed and answered with a receipt, then opened."""
    from becta.market.bench.bids import bids as measure  # noqa: PLC0415

    for line in measure(uploads, kilobytes=kilobytes):
        click.echo(line)


@bench.command()
@click.option("--schools", type=click.IntRange(200), default=10_000, show_default=True, help="That pledge once each.")
@click.option("--connections", type=click.IntRange(1, 1_000), default=200, show_default=True, help="Open at once.")
@click.option("--servers", type=click.IntRange(1, 8), default=2, show_default=True, help="Processes that answer.")
@click.option("--rate", type=float, help="Pledges due a second; without it, as fast as they are answered.")
def pledges(schools: int, connections: int, servers: int, rate: float | None) -> None:
    """Schools that pledge to one procurement on PostgreSQL: how soon each is answered, and whether every cap held."""
    from becta.market.bench.pledges import pledges as measure  # noqa: PLC0415

    for line in measure(schools, connections=connections, servers=servers, rate=rate):
        click.echo(line)
