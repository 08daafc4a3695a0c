"""Settings: every name, every way to give it, and every mistake told at once by its own name."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syndication.domain.rate import Rate
from syndication.domain.week import Holiday, Hours
from syndication.errors import SettingsError
from syndication.settings import HOUSE, READERS, Approval, Doubt, Settings, SignUps, read_settings

ELSEWHERE = HOUSE / "feeds" / "demo"

GOOD: list[tuple[str, str, object]] = [
    ("ACCESS_TOKEN_FROM", str(HOUSE / "wsgi.py"), HOUSE / "wsgi.py"),
    ("BASE_URL", "https://tin.example.vn/", "https://tin.example.vn"),
    ("BASE_URL", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("BASE_URL", "https://example.vn/tin//", "https://example.vn/tin"),
    ("BOUNCE_ADDRESS", "tra-lai@tin.example.vn", "tra-lai@tin.example.vn"),
    ("CONTACT", "diemtin@tin.example.vn", "diemtin@tin.example.vn"),
    ("CONTACT", "", ""),
    ("DATABASE_URL", "sqlite:///var/x.db", "sqlite:///var/x.db"),
    ("DATABASE_URL", "sqlite:////srv/x.db", "sqlite:////srv/x.db"),
    ("DATABASE_URL", "postgresql://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
    ("DATABASE_URL", "postgres://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
    ("DATABASE_URL", "postgresql+psycopg://u:p@/x?host=/run", "postgresql+psycopg://u:p@/x?host=/run"),
    ("HUB_URL", "https://hub.example.vn/publish?x=1", "https://hub.example.vn/publish?x=1"),
    ("DIGEST_APPROVAL", "automatic", Approval.AUTOMATIC),
    ("DIGEST_APPROVAL", "Required", Approval.REQUIRED),
    ("DIGEST_AT", "16:30", time(16, 30)),
    ("DIGEST_DAY", "Friday", "friday"),
    ("DIGEST_HOLIDAYS", "", ()),
    (
        "DIGEST_HOLIDAYS",
        "2027-02-04/2027-02-10 Tết Đinh Mùi, 2027-09-02",
        (
            Holiday(date(2027, 2, 4), date(2027, 2, 10), "Tết Đinh Mùi"),
            Holiday(date(2027, 9, 2), date(2027, 9, 2), "nghỉ lễ"),
        ),
    ),
    ("DIGEST_LEAST", "5", 5),
    ("DKIM_KEY", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"),
    ("DKIM_SELECTOR", "news-2026.tin", "news-2026.tin"),
    ("FEEDS_DIR", str(ELSEWHERE), ELSEWHERE),
    ("EMBED_ANCESTORS", "", ()),
    (
        "EMBED_ANCESTORS",
        "https://*.Tinh.example, http://so.example:8080,https://a.example",
        ("http://so.example:8080", "https://*.tinh.example", "https://a.example"),
    ),
    ("FEED_LIMIT", "0", 0),
    ("FEED_LIMIT", "1000", 1000),
    (
        "FORMER_SECRET_KEYS",
        "the key before this, the first key of all",
        ("the key before this", "the first key of all"),
    ),
    ("HOOK_KEY", "sixteen letters!", "sixteen letters!"),
    ("LANGUAGE", "en", "en"),
    ("MAIL_FROM", "Điểm tin <diemtin@tin.example.vn>", "Điểm tin <diemtin@tin.example.vn>"),
    ("MAIL_FROM", "diemtin@tin.example.vn", "diemtin@tin.example.vn"),
    (
        "MAIL_HOURS",
        "Monday-Friday 07:00-18:00",
        Hours(frozenset(range(5)), time(7), time(18)),
    ),
    ("MAIL_HOURS", "saturday-monday 00:00-06:30", Hours(frozenset({5, 6, 0}), time(0), time(6, 30))),
    ("MAIL_LOG", str(HOUSE / "wsgi.py"), HOUSE / "wsgi.py"),
    (
        "MAIL_RATE",
        "10/s, 5000/h",
        (
            Rate(name="mail/s", most=10, per=timedelta(seconds=1)),
            Rate(name="mail/h", most=5000, per=timedelta(hours=1)),
        ),
    ),
    ("MAIL_RATE", "", ()),
    ("PRIVATE_HOSTS", "", frozenset()),
    (
        "PRIVATE_HOSTS",
        "10.0.0.1:80, Portal.Example:8080,[::1]:81,",
        frozenset({"10.0.0.1:80", "portal.example:8080", "[::1]:81"}),
    ),
    ("PROXIES", "2", 2),
    ("SECRET_KEY", "sixteen letters!", "sixteen letters!"),
    ("SIGN_UP", "closed", SignUps.CLOSED),
    (
        "SIGN_UP_DOMAINS",
        "haiphong.gov.vn, @quangninh.gov.vn",
        frozenset({"haiphong.gov.vn", "quangninh.gov.vn"}),
    ),
    ("SMTP_CONNECTIONS", "4", 4),
    (
        "SMTP_URL",
        "smtp+starttls://user:p%40ss@mail.example:587",
        "smtp+starttls://user:p%40ss@mail.example:587",
    ),
    ("SMTP_URL", "smtps://mail.example", "smtps://mail.example"),
    ("TEMPLATES_DIR", str(ELSEWHERE), ELSEWHERE),
    ("TIMEZONE", "Asia/Bangkok", ZoneInfo("Asia/Bangkok")),
    ("TITLE", "Tin các Trung tâm", "Tin các Trung tâm"),
    ("UNCERTAIN", "hold", Doubt.HOLD),
    ("VAR_DIR", "/nowhere/yet", Path("/nowhere/yet")),
]

BAD: list[tuple[str, str]] = [
    ("ACCESS_TOKEN_FROM", "/nowhere/token"),
    ("BASE_URL", "tin.example.vn"),
    ("BOUNCE_ADDRESS", "Trả lại <tra-lai@tin.example.vn>"),
    ("BOUNCE_ADDRESS", "an-address-that-is-far-too-long@tin.example.vn"),
    ("FORMER_SECRET_KEYS", "short"),
    ("HOOK_KEY", "short"),
    ("MAIL_HOURS", "weekdays 07:00-18:00"),
    ("MAIL_HOURS", "monday 18:00-07:00"),
    ("MAIL_HOURS", "monday 7-18"),
    ("MAIL_LOG", "/nowhere/mail.log"),
    ("MAIL_RATE", "10 a second"),
    ("MAIL_RATE", "0/s"),
    ("MAIL_RATE", "10/s 20/s"),
    ("SIGN_UP", "perhaps"),
    ("SIGN_UP_DOMAINS", "gov"),
    ("SMTP_CONNECTIONS", "0"),
    ("SMTP_CONNECTIONS", "51"),
    ("UNCERTAIN", "resend"),
    ("BASE_URL", "ftp://tin.example.vn"),
    ("BASE_URL", "https://"),
    ("BASE_URL", "https://tin.example.vn?x=1"),
    ("BASE_URL", "https://tin.example.vn?"),
    ("BASE_URL", "https://tin.example.vn#x"),
    ("BASE_URL", "https://user@tin.example.vn"),
    ("BASE_URL", "https://tin.example.vn\r"),
    ("BASE_URL", " https://tin.example.vn"),
    ("BASE_URL", "https://tin example.vn"),
    ("BASE_URL", "https://tin.example.vn:99999"),
    ("BASE_URL", "http://[::1"),
    ("BASE_URL", "https://tỉnh.example.vn"),
    ("BASE_URL", "https://tin_tuc.example.vn"),
    ("BASE_URL", "https://-tin.example.vn"),
    ("BASE_URL", "https://tin.example.vn/tin tức"),
    ("BASE_URL", "https://tin.example.vn/tức"),
    ("BASE_URL", "https://tin.example.vn/%zz"),
    ("BASE_URL", 'https://tin.example.vn/<b>"'),
    ("HUB_URL", "https://hub.example.vn/đẩy"),
    ("HUB_URL", "hub.example.vn"),
    ("HUB_URL", "https://hub.example.vn/#x"),
    ("HUB_URL", "https://user@hub.example.vn/"),
    ("BASE_URL", ""),
    ("CONTACT", "a\nBcc: b"),
    ("DATABASE_URL", "mysql://db/x"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "var/x.db"),
    ("DATABASE_URL", ""),
    ("DIGEST_APPROVAL", "yes"),
    ("DIGEST_AT", "7 giờ"),
    ("DIGEST_AT", "24:00"),
    ("DIGEST_AT", "07:00+07:00"),
    ("DIGEST_AT", ""),
    ("DIGEST_DAY", "thứ hai"),
    ("DIGEST_HOLIDAYS", "Tết"),
    ("DIGEST_HOLIDAYS", "2027-02-30"),
    ("DIGEST_HOLIDAYS", "2027-02-10/2027-02-04"),
    ("DIGEST_LEAST", "-1"),
    ("DKIM_KEY", "no key"),
    ("DKIM_SELECTOR", "news 2026"),
    ("FEEDS_DIR", "/there/is/none"),
    ("FEEDS_DIR", ""),
    ("EMBED_ANCESTORS", "tinh.example"),
    ("EMBED_ANCESTORS", "*"),
    ("EMBED_ANCESTORS", "https://a.example; script-src *"),
    ("EMBED_ANCESTORS", "https://a.example/trang"),
    ("FEED_LIMIT", "many"),
    ("FEED_LIMIT", "-1"),
    ("FEED_LIMIT", ""),
    ("LANGUAGE", "fr"),
    ("MAIL_FROM", "Điểm tin"),
    ("MAIL_FROM", "diemtin@"),
    ("MAIL_FROM", "a@b.example\r\nBcc: c@d.example"),
    ("MAIL_FROM", ""),
    ("PRIVATE_HOSTS", "10.0.0.1"),
    ("PRIVATE_HOSTS", "http://10.0.0.1:80"),
    ("PRIVATE_HOSTS", "10.0.0.1:99999"),
    ("PRIVATE_HOSTS", "::1:80"),
    ("PROXIES", "1.5"),
    ("PROXIES", "yes"),
    ("SECRET_KEY", "too short"),
    ("SECRET_KEY", ""),
    ("SMTP_URL", "mail.example:25"),
    ("SMTP_URL", "http://mail.example"),
    ("SMTP_URL", "smtp://mail.example:many"),
    ("SMTP_URL", "smtp://"),
    ("TEMPLATES_DIR", "/there/is/none"),
    ("TIMEZONE", "Hà Nội"),
    ("TIMEZONE", "../../etc/passwd"),
    ("TIMEZONE", "Asia"),
    ("TIMEZONE", ""),
    ("TITLE", "  "),
    ("TITLE", "a\nb"),
    ("VAR_DIR", ""),
]


def wrong(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as trouble:
        read_settings(environment)
    return str(trouble.value).splitlines()


def test_nothing_need_be_set() -> None:
    assert read_settings({}) == Settings()
    assert Settings().database_url == f"sqlite:///{HOUSE}/var/syndication.db"


def test_a_moved_var_takes_the_database_along(tmp_path: Path) -> None:
    found = read_settings({"SYNDICATION_VAR_DIR": str(tmp_path)})
    assert found.database_url == f"sqlite:///{tmp_path}/syndication.db"


@pytest.mark.parametrize(("name", "given", "read"), GOOD)
def test_a_setting_is_read_as_given(name: str, given: str, read: object) -> None:
    assert getattr(read_settings({f"SYNDICATION_{name}": given}), name.lower()) == read


@pytest.mark.parametrize(("name", "given"), BAD)
def test_a_value_that_cannot_be_used_names_itself_and_what_would_do(name: str, given: str) -> None:
    [line] = wrong({f"SYNDICATION_{name}": given})
    assert re.match(rf"SYNDICATION_{name}: .{{8,}}", line)


def test_every_setting_is_tried_here_with_good_and_bad_values() -> None:
    assert {name for name, _, _ in GOOD} == set(READERS) == {name for name, _ in BAD}


def test_every_setting_is_a_field_and_every_field_a_setting() -> None:
    assert {name.lower() for name in READERS} == set(Settings.__dataclass_fields__)


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_setting_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    given, read = next((given, read) for known, given, read in GOOD if known == name)
    file = tmp_path / "value"
    file.write_text(f"{given}\n", encoding="utf-8")
    assert getattr(read_settings({f"SYNDICATION_{name}_FILE": str(file)}), name.lower()) == read


def test_a_file_that_cannot_be_read_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes("khoá bí mật của chúng tôi".encode("cp1258", "replace") + b"\xff")
    assert wrong(
        {
            "SYNDICATION_SECRET_KEY_FILE": str(tmp_path / "none"),
            "SYNDICATION_TITLE_FILE": str(tmp_path / "latin"),
            "SYNDICATION_CONTACT_FILE": str(tmp_path),
        }
    ) == [
        f"SYNDICATION_CONTACT_FILE: the file {tmp_path} cannot be read (IsADirectoryError)",
        f"SYNDICATION_SECRET_KEY_FILE: the file {tmp_path / 'none'} cannot be read (FileNotFoundError)",
        f"SYNDICATION_TITLE_FILE: the file {tmp_path / 'latin'} cannot be read (UnicodeDecodeError)",
    ]


def test_a_bad_value_from_a_file_is_told_without_the_value(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("hush", encoding="utf-8")
    [line] = wrong({"SYNDICATION_SECRET_KEY_FILE": str(file)})
    assert line.startswith("SYNDICATION_SECRET_KEY_FILE: give at least 16 characters")
    assert "hush" not in line


@pytest.mark.parametrize("value", ["sixteen letters!", "too short"])
def test_a_setting_given_twice_is_a_mistake(value: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sixteen letters!", encoding="utf-8")
    lines = wrong({"SYNDICATION_SECRET_KEY": value, "SYNDICATION_SECRET_KEY_FILE": str(file)})
    assert lines[-1] == "SYNDICATION_SECRET_KEY_FILE: given twice, as a value and as a file; keep one"


@pytest.mark.parametrize("name", ["BASEURL", "BASE_URL_FILE_FILE", "FILE", "_FILE", "", "digest_day"])
def test_an_unknown_name_stops_the_start(name: str) -> None:
    [line] = wrong({f"SYNDICATION_{name}": "x"})
    assert line == f"SYNDICATION_{name} is not a setting; see the table of settings in README.md"


def test_what_others_put_into_the_environment_is_theirs() -> None:
    assert (
        read_settings({"PATH": "/usr/bin", "DATABASE_URL": "mysql://other", "XSYNDICATION_X": ""})
        == Settings()
    )


def test_all_mistakes_are_told_at_once() -> None:
    environment = {f"SYNDICATION_{name}": given for name, given in BAD} | {"SYNDICATION_WHAT": "x"}
    lines = wrong(environment)
    assert [re.split(r"[: ]", line)[0] for line in lines] == sorted(environment)


def test_no_secret_is_printed_with_the_settings() -> None:
    shown = repr(
        read_settings(
            {
                "SYNDICATION_SECRET_KEY": "a secret that is long",
                "SYNDICATION_DATABASE_URL": "postgresql://u:hushdb@db/x",
                "SYNDICATION_SMTP_URL": "smtp://u:hushmail@mail.example",
            }
        )
    )
    assert "base_url" in shown
    assert not re.search("a secret|hush", shown)


def test_the_readme_lists_every_setting_and_no_other() -> None:
    readme = (HOUSE / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"SYNDICATION_([A-Z]+(?:_[A-Z]+)*)", readme))
    assert {name if name in READERS else name.removesuffix("_FILE") for name in named} == set(READERS)
