"""Settings: where values come from, what is refused and how it is said."""

import os
import re
import stat
import threading
import tomllib

import pytest

from helpdesk import paths, settings
from helpdesk.setting_checks import CHECKS

DEFAULT = paths.CONFIG / "default.toml"


@pytest.fixture
def own(tmp_path):
    """Write a settings file and get the environment that names it."""

    def write(text: str = "", **env: str) -> dict[str, str]:
        file = tmp_path / "own.toml"
        file.write_text(text)
        return {"HELPDESK_CONFIG": str(file), **env}

    return write


def problems(env, overrides=None) -> list[str]:
    with pytest.raises(settings.SettingsError) as caught:
        settings.load(env, overrides)
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return caught.value.problems


def origin(loaded, key) -> str:
    return {name: where for name, _, where in settings.describe(loaded)}[key]


def test_default_toml_and_the_dataclass_know_the_same_keys():
    assert tomllib.loads(DEFAULT.read_text()).keys() == settings.KEYS.keys()


def test_every_check_belongs_to_a_setting():
    assert CHECKS.keys() <= settings.KEYS.keys()


def test_every_key_in_default_toml_has_a_comment_right_above():
    lines = DEFAULT.read_text().splitlines()
    bare = [line for above, line in zip(lines, lines[1:], strict=False)
            if re.match(r"\w+ =", line) and not (above.startswith("# ") and "---" not in above)]
    assert bare == []


def test_the_key_that_signs_sessions_has_no_default():
    assert tomllib.loads(DEFAULT.read_text())["secret_key"] == ""


def test_every_key_in_the_sample_environment_is_known(own):
    text = (paths.CONFIG / "example.env").read_text()
    named = dict(re.findall(r"^(?:# )?(HELPDESK_\w+)=(.*)$", text, re.M))
    assert "HELPDESK_BASE_URL" in named
    named.pop("HELPDESK_SECRET_KEY_FILE")
    assert settings.load({**own(), **named}).trusted_proxies == 1


def test_each_source_beats_the_one_before(own):
    assert settings.load(own()).port == 5000
    assert settings.load(own("port = 1")).port == 1
    assert settings.load(own("port = 1", HELPDESK_PORT="2")).port == 2
    assert settings.load(own("port = 1", HELPDESK_PORT="2"), {"port": 3, "host": None}).port == 3


def test_describe_tells_where_each_value_came_from(own):
    env = own('time_zone = "Asia/Jakarta"', HELPDESK_COMPANY_NAME="Kopi")
    loaded = settings.load(env, {"port": 8000})
    assert origin(loaded, "time_zone") == env["HELPDESK_CONFIG"]
    assert origin(loaded, "company_name") == "environment"
    assert origin(loaded, "port") == "command line"
    assert origin(loaded, "host") == "default.toml"
    assert [key for key, _, _ in settings.describe(loaded)] == list(settings.KEYS)


def test_describe_and_repr_show_no_secret(own):
    loaded = settings.load(own(
        HELPDESK_SECRET_KEY="k" * 40, HELPDESK_METRICS_TOKEN="tok-en",
        HELPDESK_DATABASE_URL="postgresql://anna:pass/w@rd@db/desk?password=hid-den", HELPDESK_REDIS_URL="redis://:qwertz@r:6379/0",
    ))
    shown = {key: value for key, value, _ in settings.describe(loaded)}
    for text in (repr(shown), repr(loaded)):
        for secret in ("kkkk", "tok-en", "pass/w", "rd@", "hid-den", "qwertz"):
            assert secret not in text
    assert shown["database_url"].startswith("postgresql+psycopg://anna:********@db/desk")
    assert shown["secret_key"] == "********"


@pytest.mark.parametrize(("text", "value"), [
    ("true", True), ("1", True), ("Yes", True), ("on", True),
    ("false", False), ("0", False), ("no", False), ("OFF", False),
])
def test_switches_from_the_environment(own, text, value):
    assert settings.load(own(HELPDESK_SURVEY_ENABLED=text)).survey_enabled is value


def test_lists_and_fractions_from_the_environment(own):
    loaded = settings.load(own(HELPDESK_TRUSTED_HOSTS="a.example, .b.example,", HELPDESK_ASSISTANT_ANSWER_SCORE="0.5"))
    assert loaded.trusted_hosts == ("a.example", ".b.example")
    assert loaded.assistant_answer_score == 0.5


def test_a_whole_number_is_good_as_a_fraction(own):
    assert settings.load(own("assistant_answer_score = 1")).assistant_answer_score == 1.0


def test_a_secret_may_be_read_from_a_file(own, tmp_path):
    file = tmp_path / "key"
    file.write_text("s" * 50 + "\n")
    assert settings.load(own(HELPDESK_SECRET_KEY_FILE=str(file))).secret() == "s" * 50


def test_a_missing_secret_file_is_named(own, tmp_path):
    [problem] = problems(own(HELPDESK_SECRET_KEY_FILE=str(tmp_path / "none")))
    assert "HELPDESK_SECRET_KEY_FILE" in problem and str(tmp_path / "none") in problem


def test_a_value_and_its_file_together_are_refused(own, tmp_path):
    [problem] = problems(own(HELPDESK_SECRET_KEY="k" * 40, HELPDESK_SECRET_KEY_FILE=str(tmp_path)))
    assert "both HELPDESK_SECRET_KEY and HELPDESK_SECRET_KEY_FILE" in problem


def test_unknown_keys_name_the_closest_right_one(own):
    env = own("time_zon = 'UTC'", HELPDESK_PROT="1", HELPDESK_DATABASE__URL="x", HELPDESK_ZZZZ="")
    found = problems(env)
    assert f"{env['HELPDESK_CONFIG']}: unknown key 'time_zon', did you mean 'time_zone'?" in found
    assert "environment: unknown key 'HELPDESK_PROT', did you mean 'HELPDESK_PORT'?" in found
    assert "environment: unknown key 'HELPDESK_DATABASE__URL', did you mean 'HELPDESK_DATABASE_URL'?" in found
    assert "environment: unknown key 'HELPDESK_ZZZZ'" in found


def test_variables_of_the_tests_and_of_others_are_left_alone(own):
    assert settings.load(own(HELPDESK_TEST_STRICT="1", PORT="x", PATH="/bin")).port == 5000


@pytest.mark.parametrize(("line", "expected"), [
    ('port = "80"', "a whole number"), ("port = true", "a whole number"), ("port = 70000", "between 0 and 65535"),
    ("survey_enabled = 1", "true or false"), ("company_name = 7", "text"), ('company_name = " "', "not empty"),
    ('trusted_hosts = "a"', "a list of texts"), ("trusted_hosts = [1]", "a list of texts"),
    ("assistant_answer_score = 1.1", "between 0 and 1"), ("assistant_answer_score = nan", "between 0 and 1"),
    ('log_format = "xml"', "one of text, json"), ('time_zone = "Mars"', "IANA time zone"),
    ('time_zone = "../etc/passwd"', "IANA time zone"), ('default_locale = "english"', "a language"),
    ('base_url = "help.example.com"', "an address such as"), ('base_url = "https://x/?q"', "an address such as"),
    ('smtp_listen = "2525"', "host:port"), ('lmtp_listen = "::1:24"', "host:port"),
    ('smtp_listen = "h:99999"', "host:port"),
    ('database_url = "mysql://h/d"', "sqlite:/// or postgresql://"), ('redis_url = "localhost"', "redis://"),
    ('secret_key = "short"', "32 characters"), ('data_dir = ""', "a folder"), ("reopen_days = -1", "0 or more"),
    ("[server]\nport = 1", "unknown key 'server'"), ("port 1", "not valid TOML"),
])
def test_impossible_values_say_what_is_expected(own, line, expected):
    [problem] = problems(own(line))
    assert expected in problem


def test_a_wrong_number_in_the_environment_names_its_variable(own):
    assert problems(own(HELPDESK_PORT="abc")) == ["environment: HELPDESK_PORT must be a whole number, not 'abc'"]


def test_a_refused_secret_is_not_repeated(own):
    assert "hush" not in str(problems(own(HELPDESK_SECRET_KEY="hush")))
    assert "hush" not in str(problems(own(HELPDESK_DATABASE_URL="mysql://a:hush@h/d")))


def test_all_problems_come_at_once(own):
    assert len(problems(own("port = 'x'\nlog_level = 'loud'\nfoo = 1", HELPDESK_TIME_ZONE="Mars"), {"port": -1})) == 5


def test_a_settings_file_that_does_not_exist_is_an_error(tmp_path):
    [problem] = problems({"HELPDESK_CONFIG": str(tmp_path / "gone.toml")})
    assert "gone.toml: cannot be read" in problem


def test_good_values_are_tidied(own):
    loaded = settings.load(own(
        'base_url = "https://help.example.com/"\nlog_level = "INFO"\nsmtp_listen = "[::1]:2525"',
        HELPDESK_DATABASE_URL="postgres://h/d"))
    assert loaded.base_url == "https://help.example.com"
    assert loaded.log_level == "info"
    assert loaded.smtp_listen == "[::1]:2525"
    assert loaded.database_url == "postgresql+psycopg://h/d"


def test_empty_addresses_are_derived(own, tmp_path):
    loaded = settings.load(own(HELPDESK_DATA_DIR=str(tmp_path)), {"port": 8123})
    assert loaded.database_url == f"sqlite:///{tmp_path}/helpdesk.db"
    assert loaded.base_url == "http://127.0.0.1:8123"
    assert settings.load(own(HELPDESK_HOST="0.0.0.0")).base_url == "http://127.0.0.1:5000"
    assert settings.load(own(HELPDESK_HOST="::1")).base_url == "http://[::1]:5000"


def test_a_relative_data_folder_starts_at_the_working_directory(own, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert settings.load(own()).data_dir == tmp_path / "data"


def test_settings_cannot_be_changed(own):
    with pytest.raises(AttributeError):
        settings.load(own()).port = 1


def test_the_process_has_one_set_of_settings(own, monkeypatch):
    monkeypatch.setattr(settings, "_current", None)
    with pytest.raises(RuntimeError):
        settings.current()
    chosen = settings.use(settings.load(own("port = 82")))
    assert settings.current() is chosen and chosen.port == 82


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(own, tmp_path):
    env = own(HELPDESK_DATA_DIR=str(tmp_path / "new" / "data"))
    first = settings.load(env)
    key = first.secret()
    assert len(key) >= 32
    assert settings.load(env).secret() == key
    assert stat.S_IMODE(os.stat(first.key_file).st_mode) == 0o600
    assert [file.name for file in first.data_dir.iterdir()] == ["secret.key"]


def test_different_folders_get_different_keys(own, tmp_path):
    keys = {settings.load(own(HELPDESK_DATA_DIR=str(tmp_path / name))).secret() for name in "ab"}
    assert len(keys) == 2


def test_processes_that_start_together_agree_on_the_key(own, tmp_path):
    loaded = settings.load(own(HELPDESK_DATA_DIR=str(tmp_path / "data")))
    start, keys = threading.Barrier(8), []

    def ask():
        start.wait()
        keys.append(loaded.secret())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8 and len(set(keys)) == 1


def test_a_damaged_key_file_is_refused_rather_than_replaced(own, tmp_path):
    loaded = settings.load(own(HELPDESK_DATA_DIR=str(tmp_path)))
    loaded.key_file.write_text("")
    with pytest.raises(settings.SettingsError, match="holds no key"):
        loaded.secret()
    assert loaded.key_file.read_text() == ""


def test_a_folder_that_cannot_be_written_is_named(own, tmp_path):
    (tmp_path / "file").write_text("")
    loaded = settings.load(own(HELPDESK_DATA_DIR=str(tmp_path / "file" / "data")))
    with pytest.raises(settings.SettingsError, match="cannot be kept there"):
        loaded.secret()
