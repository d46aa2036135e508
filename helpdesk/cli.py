"""The command line. Every command says what it did, or what is wrong and how to mend it."""
from gevent import monkey

monkey.patch_all()      # once, first, here: everything below waits without holding the process

import sys  # noqa: E402

import click  # noqa: E402

from helpdesk import __version__, memory  # noqa: E402
from helpdesk.settings import SettingsError, load  # noqa: E402


class Problem(click.ClickException):
    """Something the person at the keyboard can mend."""


def config(**overrides):
    """The settings, or a list of what is wrong with them."""
    try:
        return load(overrides={k: v for k, v in overrides.items() if v is not None})
    except SettingsError as error:
        raise Problem(str(error)) from error


def opened(**overrides):
    """Settings and an open, fitting database."""
    loaded = config(**overrides)
    with memory.reading_in(needed=("redis",) if loaded.redis_url else ()):
        from sqlalchemy.exc import SQLAlchemyError

        from helpdesk import server
    try:
        _guarded(server.open_house, loaded)
    except (SQLAlchemyError, OSError) as error:
        raise Problem(f"The database cannot be opened: {str(error).splitlines()[0]}\n"
                      "helpdesk doctor says more.") from error
    return loaded


host = click.option("--host", help="address to listen on")
port = click.option("--port", type=int, help="port to listen on")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """An omnichannel helpdesk: mail, site chat and social messages in one ticket."""
    memory.be_frugal()


@main.command()
@host
@port
def serve(host, port) -> None:
    """Web and worker in one process."""
    loaded = opened(host=host, port=port)
    from helpdesk import server
    server.serve(loaded, lambda: click.echo(f"Helpdesk on {loaded.base_url}"))


@main.command()
@host
@port
def web(host, port) -> None:
    """Only the web part; start a worker beside it."""
    loaded = opened(host=host, port=port)
    from helpdesk import server
    server.web(loaded, lambda: click.echo(f"Helpdesk (web) on {loaded.base_url}"))


@main.command()
def worker() -> None:
    """Only the worker: inbound messages, deliveries, clocks, surveys, mailboxes."""
    loaded = opened()
    from helpdesk import server
    server.worker(loaded, lambda: click.echo("Worker started"))


@main.command()
@click.option("--email", prompt="Your e-mail address", help="the first admin's address")
@click.option("--name", prompt="Your name", help="the first admin's name")
def init(email, name) -> None:
    """Set up: database, secret key and the first admin. Prints a link that signs in once."""
    from helpdesk.services import setup
    loaded = opened()
    click.echo(_inside(setup.first_admin, loaded, name, email))


@main.command()
@host
@port
def demo(host, port) -> None:
    """Load a demo company on the first start, then serve it with simulated customers."""
    from helpdesk import demo as house
    _guarded(house.run, config(host=host, port=port), click.echo)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="for machines")
def doctor(as_json) -> None:
    """Check everything, and say how to mend what is wrong."""
    from helpdesk import doctor as checks
    ok, report = checks.examine(config(), as_json)
    click.echo(report)
    sys.exit(0 if ok else 1)


@main.group()
def channel() -> None:
    """The accounts by which customers write."""


@channel.command("list")
@click.option("--markdown", is_flag=True, help="as the table of the README")
def channel_list(markdown) -> None:
    """What each channel can do, plugins included."""
    import channels
    from channels import _matrix
    click.echo((_matrix.markdown if markdown else _matrix.plain)(channels.load().values()))


@channel.command("test")
@click.argument("name")
def channel_test(name) -> None:
    """Try the inbox called NAME (or with this key) for real, step by step. Nothing is sent."""
    from helpdesk import doctor as report
    from helpdesk.checks import inbox as checks
    from helpdesk.services import inboxes
    opened()
    found = list(checks.steps(_inside(inboxes.named, name)))
    click.echo("\n".join(report.lines(found)))
    sys.exit(0 if checks.account_works(found) else 1)


@main.command()
@click.argument("recipients", nargs=-1)
def receive(recipients) -> None:
    """Take one mail on standard input, for a mail server's pipe. RECIPIENTS default to the mail's own To and Cc.

    Exits with 0 when it is stored, 67 when no inbox has the address, 75 when it should be tried again (sysexits.h).
    """
    from helpdesk.jobs import receive_mail
    try:
        opened()
    except Problem as problem:
        problem.exit_code = receive_mail.TRY_AGAIN      # any other code makes the mail server give the mail back
        raise
    status, message = receive_mail.take(list(recipients), sys.stdin.buffer.read())
    if message:
        click.echo(message, err=True)
    sys.exit(status)


@main.command()
@click.argument("numbers", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="all that lies in quarantine")
def replay(numbers, everything) -> None:
    """Process deliveries in quarantine again. Without numbers: list them."""
    from helpdesk.services import quarantine
    opened()
    click.echo(_inside(quarantine.replay_numbers, list(numbers), everything))


@main.group()
def agents() -> None:
    """Agents' accounts."""


@agents.command("add")
@click.argument("email")
@click.option("--name", default="", help="shown to customers")
@click.option("--role", type=click.Choice(["light", "agent", "manager", "admin"]), default="agent")
def agents_add(email, name, role) -> None:
    """Make an account and print a link that signs in once."""
    from helpdesk.services import setup
    loaded = opened()
    click.echo(_inside(setup.add_agent, loaded, name, email, role))


@agents.command("reset")
@click.argument("email")
def agents_reset(email) -> None:
    """Print a new link that signs in once; the old password stays until it is changed."""
    from helpdesk.services import setup
    loaded = opened()
    click.echo(_inside(setup.new_link, loaded, email))


@main.group("contacts")
def contacts_group() -> None:
    """The people outside: what the law lets them ask for."""


@contacts_group.command("export")
@click.argument("number", type=int)
@click.option("--to", "target", type=click.Path(dir_okay=False), required=True, help="the archive to write")
@click.option("--without-notes", is_flag=True, help="leave out what only agents see")
def contacts_export(number, target, without_notes) -> None:
    """Write everything that is held of contact NUMBER into one ZIP archive."""
    from helpdesk.jobs import exports
    opened()
    click.echo(_guarded(exports.write_now, number, target, not without_notes))


@contacts_group.command("erase")
@click.argument("number", type=int)
@click.option("--pseudonymise", is_flag=True, help="keep what was said, without the person")
@click.option("--yes", is_flag=True, help="do not ask")
def contacts_erase(number, pseudonymise, yes) -> None:
    """Forget contact NUMBER: everything that they said and that names them. This cannot be undone."""
    from helpdesk.jobs import erasures
    opened()
    mode = "pseudonymise" if pseudonymise else "erase"
    if not yes:
        click.echo(_inside(erasures.preview_words, number))
        click.confirm(f"{mode.capitalize()} this person for good?", abort=True)
    click.echo(_guarded(erasures.run_now, number, mode))


@main.group("articles")
def articles_group() -> None:
    """Bring articles in from files, and take them out."""


@articles_group.command("import")
@click.argument("path", type=click.Path(exists=True))
@click.option("--locale", default="", help="language where a file does not say")
@click.option("--keep", is_flag=True, help="leave articles that are there as they are")
@click.option("--drafts", is_flag=True, help="publish nothing")
@click.option("--fetch-pictures", is_flag=True, help="fetch pictures that lie on other servers")
@click.option("--try", "try_only", is_flag=True, help="only say what would happen")
def articles_import(path, locale, keep, drafts, fetch_pictures, try_only) -> None:
    """Import a CSV table, a folder or ZIP of Markdown files, or the JSON of Zendesk Guide, Chatwoot or FreeScout."""
    from collections import Counter
    from pathlib import Path

    from helpdesk import db
    from helpdesk.services.article_imports import packages, reading, writing
    from helpdesk.services.phrases import language_of
    loaded = opened()
    entries = _guarded(reading.read, _guarded(packages.found, Path(path)),
                       locale or language_of(loaded.default_locale) or "en")
    missed: list[str] = []
    if fetch_pictures and not try_only:
        entries, missed = reading.with_remote_pictures(entries)
    outcomes = _guarded(lambda: db.run(writing.write, entries, actor="system", update=not keep, drafts=drafts,
                                       try_only=try_only))
    for one in outcomes:
        if one.what == "refused" or one.why:
            click.echo(f"{one.where}: {one.what}. {one.why}")
    for one in missed:
        click.echo(f"Picture not fetched: {one}")
    counts = Counter(one.what for one in outcomes)
    click.echo(("Would import: " if try_only else "Imported: ") + ", ".join(
        f"{counts[what]} {words}" for what, words in (("new", "new"), ("changed", "changed"), ("same", "the same"),
                                                      ("kept", "left as they were"), ("refused", "refused"))))


@articles_group.command("export")
@click.argument("path", type=click.Path(dir_okay=False))
def articles_export(path) -> None:
    """Write all articles into PATH: Markdown files with their pictures (.zip), or a table (.csv)."""
    from pathlib import Path

    from helpdesk import db
    from helpdesk.services.article_imports import exporting
    opened()
    with db.reading() as session:
        content = ("\ufeff" + exporting.table(session)).encode() if path.lower().endswith(".csv") \
            else exporting.markdown_zip(session)
    Path(path).write_bytes(content)
    click.echo(f"Written to {path}.")


@main.group("db")
def database() -> None:
    """The database."""


@database.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema up to date."""
    from helpdesk import db, schema, settings
    loaded = settings.use(config())
    loaded.data_dir.mkdir(parents=True, exist_ok=True)
    db.connect(loaded.database_url)
    try:
        done = schema.upgrade()
    except schema.SchemaError as error:
        raise Problem(str(error)) from error
    click.echo("The database is up to date now." if done else "The database was up to date already.")


@database.command("check")
def db_check() -> None:
    """Say whether the schema fits this program."""
    from helpdesk import db, schema, settings
    db.connect(settings.use(config()).database_url)
    try:
        schema.require()
    except schema.SchemaError as error:
        raise Problem(str(error)) from error
    different = schema.differences()
    if different:
        raise Problem("The database differs from what this program expects:\n" + "\n".join(map(str, different)))
    click.echo(f"The database fits (step {schema.newest()}).")


@main.command()
@click.argument("target", type=click.Path(dir_okay=False))
def backup(target) -> None:
    """Write database and files into one archive, while everything runs."""
    from helpdesk import backup as archive
    from helpdesk import db, settings
    loaded = settings.use(config())
    db.connect(loaded.database_url)         # as it is: a backup from before an upgrade must not bring the upgrade along
    click.echo(_guarded(archive.write, loaded, target))


@main.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="do not ask")
def restore(source, yes) -> None:
    """Put an archive back in place of what is there. Nothing is sent until you release it."""
    from helpdesk import backup as archive
    if not yes:
        click.confirm("This replaces all present data. Go on?", abort=True)
    click.echo(_guarded(archive.restore, config(), source))


@main.group()
def assistant() -> None:
    """What the assistant understands."""


@assistant.command("eval")
@click.argument("file", required=False, type=click.File("r", encoding="utf-8"))
@click.option("--wrong", default=5.0, type=click.FloatRange(0, 100), help="per cent of answers that may be wrong")
@click.option("--json", "as_json", is_flag=True, help="for machines")
def assistant_eval(file, wrong, as_json) -> None:
    """Try it out on its own phrasings, each held back in turn, or on the messages of FILE (CSV: message, article)."""
    import json

    from helpdesk import evaluation_words
    from helpdesk.jobs import assistant_evaluation as jobs
    opened()
    figures, titles = _guarded(jobs.try_now, file.read() if file else None)
    click.echo(json.dumps(figures) if as_json else "\n".join(evaluation_words.lines(figures, titles, wrong / 100)))


@main.group()
def sla() -> None:
    """Promises and their clocks."""


@sla.command("explain")
@click.argument("number", type=int)
def sla_explain(number) -> None:
    """Show every counted and paused interval of a ticket's clocks."""
    from helpdesk.services import setup
    opened()
    click.echo(_inside(setup.explain_clocks, number))


@main.command("config")
def show_config() -> None:
    """Show every setting, its value and where it comes from."""
    from helpdesk.settings import describe
    for key, value, origin in describe(config()):
        click.echo(f"{key} = {value}    ({origin})")


def _inside(verb, *args):
    from helpdesk import db
    return _guarded(db.run, verb, *args)


def _guarded(call, *args):
    from helpdesk.errors import HelpdeskError
    try:
        return call(*args)
    except HelpdeskError as error:
        raise Problem(str(error)) from error


if __name__ == "__main__":
    main()
