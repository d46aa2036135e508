"""Fixtures for all tests: a migrated database, the settings, the application, and the people of tests/people.py."""
from gevent import monkey

monkey.patch_all()      # as the program itself runs

import os  # noqa: E402
import shutil  # noqa: E402
import uuid  # noqa: E402
from pathlib import Path  # noqa: E402

import hypothesis  # noqa: E402
import pytest  # noqa: E402
from sqlalchemy import create_engine, text  # noqa: E402
from sqlalchemy.exc import OperationalError  # noqa: E402

from helpdesk import db, schema, settings  # noqa: E402
from helpdesk.jobs import inbound, outbox, pump  # noqa: E402
from helpdesk.web import help_frame, help_views  # noqa: E402
from tests.people import Cast  # noqa: E402

pytest_plugins = ["tests.conftest_strict", "tests.rates", "tests.together"]

# A busy machine is slow at times; that is no fault of what is tested.
hypothesis.settings.register_profile("patient", deadline=None,
                                     suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

POSTGRES = os.environ.get("HELPDESK_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("HELPDESK_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


def run_sql(statement: str) -> None:
    """One statement on the test server's own database, outside of any transaction (CREATE DATABASE needs that)."""
    engine = create_engine(POSTGRES.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def require_postgres() -> None:
    """Skip (or fail, in strict mode) where no PostgreSQL answers."""
    try:
        run_sql("SELECT 1")
    except OperationalError:
        pytest.skip("no PostgreSQL answers at HELPDESK_TEST_DATABASE_URL")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    """A migrated, empty database file; each test gets a copy."""
    path = tmp_path_factory.mktemp("template") / "helpdesk.db"
    engine = db.connect(f"sqlite:///{path}")
    schema.upgrade()
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template():
    """A migrated, empty PostgreSQL database to make others from."""
    require_postgres()
    name = f"helpdesk_template_{uuid.uuid4().hex[:10]}"
    run_sql(f"CREATE DATABASE {name}")
    engine = db.connect(POSTGRES.rpartition("/")[0] + "/" + name)
    schema.upgrade()
    engine.dispose()
    yield name
    run_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_template):
    """A migrated PostgreSQL database of one's own, removed afterwards."""
    name = f"helpdesk_test_{uuid.uuid4().hex[:10]}"
    run_sql(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield POSTGRES.rpartition("/")[0] + "/" + name
    run_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def config(tmp_path):
    """Settings with everything in a folder of this test."""
    loaded = settings.load({}, {"data_dir": str(tmp_path / "data"), "port": 5999, "allow_private_hosts": True,
                                "company_name": "Kopi & Co", "assistant_encoders": ()})
    loaded.data_dir.mkdir(parents=True)
    return settings.use(loaded)


@pytest.fixture
def database(config, sqlite_template):
    """A migrated SQLite database, connected."""
    path = config.data_dir / "helpdesk.db"
    shutil.copy(sqlite_template, path)
    engine = db.connect(f"sqlite:///{path}")
    _forget_others()
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request, config):
    """The same test on both databases."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    engine = db.connect(request.getfixturevalue("postgres_url"))
    _forget_others()
    yield engine
    engine.dispose()


def _forget_others() -> None:
    db._listeners.clear()
    inbound.reset()
    outbox.reset()
    help_views.forget()
    help_frame._kept.clear()


@pytest.fixture
def cast(database) -> Cast:
    """The people and inboxes that tests speak of, in a SQLite database."""
    return db.run(Cast.introduce)


@pytest.fixture
def any_cast(any_database) -> Cast:
    """The same people on both databases."""
    return db.run(Cast.introduce)


@pytest.fixture
def app(cast, config):
    """The web application on the test's database, without a worker: call `work()` to let one run."""
    from helpdesk.app import create_app
    return create_app(config)


@pytest.fixture
def work():
    """Do everything a worker would do now."""
    return pump.run_until_idle


@pytest.fixture
def client(app):
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def sign_in(app):
    """sign_in(agent) → a browser of that agent; its posts carry the session's CSRF token."""
    from tests.people import browser_of
    return lambda agent: browser_of(app, agent)
