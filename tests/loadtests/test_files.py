"""Results of other tools, as their makers publish them, read into requests; percentiles against numpy."""

import gzip
import os
from datetime import UTC, datetime

import numpy as np
import pytest

from trimtab.errors import InvalidArgument
from trimtab.loadtests.files import read_results

# a log of jmeter-distributed runs, its columns those of https://jmeter.apache.org/usermanual/listeners.html#csvlogformat
JTL = """\
timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,Latency,IdleTime,Connect
1499876018809,2384,ipify,200,OK,Thread Group 1-84,text,true,,220,129,2,2,2384,0,0
1499876021193,95,ipify,200,OK,Thread Group 1-84,text,true,,220,129,2,2,94,0,9
1499876021288,20,ipify,503,"Service, not there",Thread Group 1-84,text,false,,220,129,2,2,20,0,0
1499876021308,12,ipify,Non HTTP response code: java.net.SocketTimeoutException,Non HTTP,Thread Group 1-84,text,false,,0,129,2,2,12,0,0
1499876018809,2511,all,200,"Number of samples in transaction : 4, number of failing samples : 2",Thread Group 1-84,,false,,660,516,2,2,0,0,0
"""  # noqa: E501
# `ab -n 100 -c 10 -g result.plot`: support/ab.c writes starttime, seconds, ctime, dtime, ttime and wait
AB_REQUESTS = """\
starttime\tseconds\tctime\tdtime\tttime\twait
Tue Jun 14 15:39:59 2016\t1465886399\t100\t80\t180\t80
Tue Jun 14 15:39:59 2016\t1465886399\t102\t100\t201\t100
Tue Jun 14 15:39:59 2016\t1465886399\t102\t202\t304\t201
Tue Jun 14 15:39:58 2016\t1465886398\t76\t383\t459\t383
"""
# `ab -e`: per cents from 0 to 100, of which the first and some others
AB_PERCENTILES = "Percentage served,Time in ms\n0,117.436\n1,117.436\n50,120.811\n95,153.102\n99,180.5\n100,201.0\n"
# HAProxy's manual, 8.2.3, and the same with an answer of its own and one that nobody waited for
HAPROXY = """\
Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"
Feb  6 12:14:15 localhost haproxy[14389]: 10.0.1.2:33318 [06/Feb/2009:12:14:15.100] http-in static/<NOSRV> 0/-1/-1/-1/2000 503 212 - - SQ-- 0/0/0/0/0 0/0 {1wt.eu} {} "GET / HTTP/1.1"
Feb  6 12:14:16 localhost haproxy[14389]: 10.0.1.2:33319 [06/Feb/2009:12:14:16.000] http-in static/srv1 10/0/30/-1/+5000 -1 0 - - CH-- 1/1/1/1/0 0/0 {1wt.eu} {} "GET / HTTP/1.1"
"""  # noqa: E501
# https://httpd.apache.org/docs/2.4/logs.html#accesslog, with a quote in a request that failed
COMBINED = """\
127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"
127.0.0.1 - - [10/Oct/2000:13:55:38 -0700] "GET /\\"a\\" HTTP/1.0" 502 12 "-" "-"
127.0.0.1 - - [10/Oct/2000:13:55:39 -0700] "GET /none HTTP/1.0" 404 12
"""  # noqa: E501


@pytest.fixture(name="file")
def _file(tmp_path):
    def write(text, name="results"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def utc(*moment):
    return datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "begin", "at", "milliseconds", "errors"),
    [
        pytest.param(
            JTL, utc(2017, 7, 12, 16, 13, 38), [0.809, 3.193, 3.288, 3.308], [2384, 95, 20, 12],
            {"HTTP 503": 1, "SocketTimeoutException": 1}, id="JMeter",
        ),
        pytest.param(
            JTL.replace(",", ";"), utc(2017, 7, 12, 16, 13, 38), [0.809, 3.193, 3.288, 3.308], [2384, 95, 20, 12],
            {"HTTP 503": 1, "SocketTimeoutException": 1}, id="JMeter with another delimiter",
        ),
        pytest.param(
            AB_REQUESTS, utc(2016, 6, 14, 6, 39, 58), [1, 1, 1, 0], [180, 201, 304, 459], None, id="ab -g",
        ),
        pytest.param(
            HAPROXY, utc(2009, 2, 6, 12, 14, 14), [0.655, 1.1, 2], [109, 2000, 5000],
            {"HTTP 503": 1, "no answer": 1}, id="HAProxy",
        ),
        pytest.param(
            COMBINED, utc(2000, 10, 10, 20, 55, 36), [0, 2, 3], [np.nan] * 3, {"HTTP 502": 1}, id="combined",
        ),
    ],
)  # fmt: skip
def test_requests(file, text, begin, at, milliseconds, errors):
    samples = read_results([file(text)])
    assert samples.begin == begin
    np.testing.assert_allclose(samples.at, at)
    np.testing.assert_allclose(samples.seconds, np.array(milliseconds) / 1000)
    assert (samples.failures is None) == (errors is None)
    assert samples.errors == (errors or {})
    good = [value / 1000 for place, value in enumerate(milliseconds) if errors is None or not samples.failed[place]]
    for percent in (50, 95, 99):
        expected = None if np.isnan(good).all() else pytest.approx(np.percentile(good, percent))
        assert samples.percentile(percent) == expected


def test_percentiles_alone(file):
    samples = read_results([file(AB_PERCENTILES)])
    assert samples.begin is None
    found = [samples.percentile(percent) for percent in (50, 95, 99)]
    assert found == pytest.approx([0.120811, 0.153102, 0.1805])
    assert samples.percentile(42) is None


def test_files_of_several_machines_are_one(file, tmp_path):
    later = tmp_path / "later.jtl.gz"
    later.write_bytes(gzip.compress(JTL.replace("14998760", "14998761").encode()))
    one, both = read_results([file(JTL)]), read_results([file(JTL), later])
    assert (len(both), both.failures, both.begin) == (2 * len(one), 2 * one.failures, one.begin)
    np.testing.assert_allclose(both.at, [*one.at, *(one.at + 100)])
    assert both.errors == {"HTTP 503": 2, "SocketTimeoutException": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ('<?xml version="1.0"?><testResults version="1.2">', "is XML; have JMeter write CSV"),
        (JTL.splitlines()[0] + "\n", "no request is in it"),
        (JTL.replace("1499876021193", "yesterday"), r":3: timeStamp 'yesterday' is not a time"),
        (JTL.replace("1499876021193", "9" * 20), ":3: timeStamp 9+ is after the year 9999"),
        (JTL.replace("1499876021193", "1499876021"), ":3: timeStamp 1499876021 is before the year 2001; is it mill"),
        (JTL + "1499876021308,1", r":7: has 2 of 16 columns; is the line cut off"),
        (JTL + JTL.splitlines()[-1] + ",1", r":7: has more columns than the first line"),
        (JTL.replace("text,true", "text,maybe", 1), r":2: success 'maybe' is neither true nor false"),
        (JTL.replace(",95,", ",1e18,"), r":3: '1e18' is not a time in milliseconds"),
        (JTL.replace("1499876021193", "\u00b2"), ":3: timeStamp '\u00b2' is not a time"),
        (JTL.replace("1499876021193", "1000000000000"), "from 2001-09-09 to 20..-..-.., more than 31 days"),
        (JTL.replace(",95,", ",,"), r":3: '' is not a time in milliseconds"),
        (AB_REQUESTS + "Tue Jun 14 15:39", r":6: seconds '' is not a time; is the line cut off"),
        ("Percentage served,Time in ms\n", "no per cent is in it"),
        ("Percentage served,Time in ms\n50;3\n", ":2: '50;3' is not PERCENT,MILLISECONDS"),
        (AB_PERCENTILES.replace("\n100,", "\n101,"), ":7: '101,201.0' is not PERCENT"),
        (AB_PERCENTILES.replace("153.102", "99.5"), "more per cent took less time"),
        ("once upon a time\n" * 3 + COMBINED.splitlines()[0], "1 of 4 lines are of a known form"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_do(file, text, message):
    with pytest.raises(InvalidArgument, match=message):
        read_results([file(text)])


def test_what_a_file_leaves_open_is_said(file):
    """Times without a zone, as JMeter writes those of a form of one's own; and a time without requests."""
    text = "timeStamp,elapsed\n2026/01/05 08:00:00.000,5\n2026/01/05 10:00:00.000,5\n"
    first, second = read_results([file(text)]).notes
    assert "its times name no zone, taken for UTC; give `zone` for another" in first
    assert second.endswith("no request for 2:00:00 after 2026-01-05 08:00:00 UTC; counted as a time without load")
    assert read_results([file(text)], zone="Europe/Berlin").notes == (second.replace("08:00:00 UTC", "07:00:00 UTC"),)


def test_a_file_that_is_cut_or_no_file_is_refused(tmp_path):
    broken = tmp_path / "broken.jtl.gz"
    whole = gzip.compress(JTL.encode() * 50)
    broken.write_bytes(whole[:40] + bytes([whole[40] ^ 255]) + whole[41:])
    with pytest.raises(InvalidArgument, match="cannot be read"):
        read_results([broken])
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InvalidArgument, match="not a regular file"):
        read_results([pipe])


def test_percentiles_do_not_add_up(file):
    with pytest.raises(InvalidArgument, match="do not add up"):
        read_results([file(AB_PERCENTILES), file(AB_PERCENTILES, "other")])
    with pytest.raises(InvalidArgument, match="cannot be read: No such file"):
        read_results([file(JTL).parent / "none.jtl"])
