"""Every spelling of a database's address reaches the driver as it was meant."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from onebooking.db import driver_url, libpq_url

SOCKET = "postgresql://hub:pa%2Fss@/onebooking?host=%2Fsrv%2Fa%20hub%2Fpostgres"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_socket_in_a_path_with_a_space_is_found_by_both(scheme: str) -> None:
    url = scheme + SOCKET.removeprefix("postgresql")
    assert conninfo_to_dict(libpq_url(url))["host"] == "/srv/a hub/postgres"
    assert conninfo_to_dict(libpq_url(url))["password"] == "pa/ss"
    assert driver_url(url).query["host"] == "/srv/a hub/postgres"


def test_what_is_no_address_is_refused_by_the_driver() -> None:
    with pytest.raises(psycopg.Error):
        psycopg.connect(libpq_url("postgresql://nobody@127.0.0.1:1/none"), connect_timeout=2)
