"""`onebooking doctor`: is all here that the hub needs, and if not, what to do."""

from datetime import UTC, datetime, timedelta

import aiohttp
import psycopg
from msgspec import Struct
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy import text

from onebooking.bookings.days import count_wrong
from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.errors import OneBookingError, SignInAway, Unavailable
from onebooking.mail import NotSent, Server, greet, post_of
from onebooking.members import factors
from onebooking.members.breaches import NotTold, look_up
from onebooking.migrate import HEAD, current_revision
from onebooking.reach import EVERYTHING
from onebooking.settings import Settings
from onebooking.vault import Vault
from onebooking.web.guard import check_url
from onebooking.web.outgoing import open_http
from onebooking.websites import queries
from onebooking.websites.model import Website
from onebooking.websites.secrets import secrets_of

OLDEST_POSTGRESQL = 150000
_CLOCK_SECONDS = 30  # a receiver refuses what is 5 minutes off
_MAIL_SECONDS = 10.0
_LOOKED_AT = timedelta(weeks=8)  # of days, on both sides of today
_REACH_SECONDS = aiohttp.ClientTimeout(total=5)


class Finding(Struct, frozen=True):
    """One thing looked at: what was found, and what to do where it is not well."""

    what: str
    well: bool
    found: str
    to_do: str = ""


async def examine(settings: Settings, url: str) -> list[Finding]:
    """Look at database, schema, clock, secrets, and at every website's webhook."""
    database = Database.at(url, connections=1, pooler=settings.database_pooler)
    try:
        findings = [_schema(url)]
        if not findings[0].well:
            return findings
        async with database.begin(EVERYTHING) as tx:
            findings += [await _version(tx), await _search(tx), await _days(tx), await _clock(tx)]
            websites = await queries.list_websites(tx, EVERYTHING)
            findings.append(await _secrets(tx, settings, websites))
            findings.append(await _secret_key(tx, settings, websites))
    except (psycopg.OperationalError, Unavailable) as away:
        to_do = "Start it, or mend ONEBOOKING_DATABASE_URL."
        return [Finding("Database", well=False, found=str(away.__cause__ or away), to_do=to_do)]
    finally:
        await database.close()
    findings += [*await _signing_in(settings), *await _breaches(settings)]
    findings += await _telling(settings)
    async with open_http(development=settings.development) as http:
        findings += [await _webhook(http, website) for website in websites]
    return findings


async def _version(tx: Tx) -> Finding:
    row = (await tx.execute(text("SELECT current_setting('server_version_num')::int"))).scalar_one()
    found = f"PostgreSQL {row // 10000}.{row % 10000}"
    return Finding("Database", row >= OLDEST_POSTGRESQL, found, "Use PostgreSQL 15 or newer.")


async def _search(tx: Tx) -> Finding:
    indexed = text("SELECT to_regclass('booking_words_trigrams') IS NOT NULL")
    well: bool = (await tx.execute(indexed)).scalar_one()
    found = "finds by index" if well else "reads every booking: there is no index"
    to_do = "Run CREATE EXTENSION pg_trgm in it as a superuser, then onebooking migrate."
    return Finding("Search", well, found, to_do)


async def _days(tx: Tx) -> Finding:
    """Whether the sums that the overview shows are what the bookings of these days come to."""
    today = utc_now().date()
    wrong = await count_wrong(tx, today - _LOOKED_AT, today + _LOOKED_AT)
    found = f"{wrong} sums of the weeks around today are wrong" if wrong else "summed up rightly"
    return Finding("Days", not wrong, found, "Run onebooking bookings recount.")


def _schema(url: str) -> Finding:
    current = current_revision(url)
    found = f"at {current or 'nothing'}, this release wants {HEAD}"
    return Finding("Schema", current == HEAD, found, "Run onebooking migrate.")


async def _clock(tx: Tx) -> Finding:
    theirs: datetime = (await tx.execute(text("SELECT clock_timestamp()"))).scalar_one()
    off_seconds = abs((datetime.now(UTC) - theirs).total_seconds())
    to_do = "Let NTP set both clocks: websites refuse signatures that are minutes off."
    return Finding("Clock", off_seconds < _CLOCK_SECONDS, f"{off_seconds:.1f} s apart", to_do)


async def _secrets(tx: Tx, settings: Settings, websites: list[Website]) -> Finding:
    found = await secrets_of(tx, Vault.of(settings), [website.id for website in websites])
    without = [website.id for website in websites if website.id not in found]
    to_do = (
        "Add the secret key they were encrypted with to ONEBOOKING_SECRET_KEY, after a comma, "
        f"or run onebooking websites replace-secret for {', '.join(without)}."
    )
    return Finding("Secrets", not without, f"{len(found)} can be read", to_do)


async def _secret_key(tx: Tx, settings: Settings, websites: list[Website]) -> Finding:
    """Whether the newest secret key opens all: only then may the older be dropped."""
    vault = Vault.of(settings)
    ours = await queries.encrypted_secrets(tx, [website.id for website in websites])
    kept = [secret for secrets in ours.values() for secret in secrets]
    kept += [encrypted for _, _, encrypted in await factors.lock_secrets(tx)]
    older = sum(not vault.is_newest(encrypted) for encrypted in kept)
    found = f"{older} of {len(kept)} secrets need an older one" if older else "the newest opens all"
    to_do = "Run onebooking websites reencrypt before you drop the older keys."
    return Finding("Secret key", not older, found, to_do)


async def _signing_in(settings: Settings) -> list[Finding]:
    """Where members sign in by Supabase Auth: whether it answers us, and looks at addresses."""
    if settings.supabase_url is None:
        return []
    from onebooking.members.supabase_calls import Calls

    calls = Calls.of(settings)
    try:
        confirms = await calls.looks_at_addresses()
    except SignInAway:
        to_do = "Mend ONEBOOKING_SUPABASE_URL and ONEBOOKING_SUPABASE_ANON_KEY."
        found = f"{settings.supabase_url} does not answer, or does not know our key"
        return [Finding("Supabase Auth", well=False, found=found, to_do=to_do)]
    finally:
        await calls.http.aclose()
    found = "confirms addresses" if confirms else "takes every address for confirmed"
    to_do = "Turn on Confirm email in the project, or nobody new is let in by their address."
    return [Finding("Supabase Auth", confirms, found, to_do)]


async def _breaches(settings: Settings) -> list[Finding]:
    """Whether breached passwords can be looked up, where that is wanted."""
    if settings.breached_passwords_url is None:
        return []
    found, well = "can be looked up", True
    try:
        await look_up(settings, "a password that nobody has")
    except NotTold as failed:
        found, well = f"no answer: {failed}", False
    to_do = "Mend ONEBOOKING_BREACHED_PASSWORDS_URL. Until then no new password is looked up."
    return [Finding("Breached passwords", well, found, to_do)]


async def _telling(settings: Settings) -> list[Finding]:
    """Whether alerts can go out: the mail server lets us in, the webhook may be called."""
    findings, post = [], post_of(settings)
    if isinstance(post, Server):
        found, well = f"{post.host} lets us in", True
        try:
            await greet(post, timeout_seconds=_MAIL_SECONDS)
        except NotSent as failed:
            found, well = str(failed), False
        findings.append(Finding("Mail", well, found, "Mend ONEBOOKING_SMTP_URL, or the server."))
    if url := settings.alerts_webhook_url:
        found, well = "may be called; onebooking alerts test calls it", True
        try:
            check_url(url, development=settings.development)
        except OneBookingError as failed:
            found, well = failed.message, False
        findings.append(
            Finding("Alerts webhook", well, found, "Mend ONEBOOKING_ALERTS_WEBHOOK_URL.")
        )
    return findings


async def _webhook(http: aiohttp.ClientSession, website: Website) -> Finding:
    what = f"Webhook of {website.id}"
    if website.webhook_url is None:
        return Finding(what, well=True, found="none: its edits wait")
    try:
        # Any answer will do: the address is right and somebody is there.
        async with http.head(
            website.webhook_url, allow_redirects=False, timeout=_REACH_SECONDS
        ) as answer:
            return Finding(what, well=True, found=f"answers ({answer.status})")
    except aiohttp.ClientResponseError:
        return Finding(what, well=True, found="answers, though not by the book")
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as failed:
        said = f"nobody answers at {website.webhook_url} ({type(failed).__name__})"
        return Finding(what, well=False, found=said, to_do="Start the website, or mend its URL.")


def show(findings: list[Finding]) -> None:
    """Print what was found as a table."""
    table = Table("", "What", *(Column(name, overflow="fold") for name in ("Found", "To do")))
    for finding in findings:
        mark = "[green]✓[/]" if finding.well else "[red]✗[/]"
        table.add_row(mark, finding.what, finding.found, "" if finding.well else finding.to_do)
    Console().print(table)
