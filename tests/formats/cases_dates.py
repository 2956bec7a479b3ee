"""Date patterns, instants and texts; part of the tables in cases.py."""

# ruff: noqa: E501

_ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin"]
_INSTANTS = [
    "0",
    "951782400123",
    "1078012799999",
    "1706700672345",
    "1710054000000",
    "1730611800000",
    "1735689599000",
    "-1",
    "4102444800007",
    "1230768000000",
]
_BOTH = [
    "yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss,SSS", "yyyy-MM-dd'T'HH:mm:ss.SSSZ", "dd/MMM/yyyy:HH:mm:ss Z", "EEE MMM d HH:mm:ss yyyy", "EEEE, d MMMM yyyy h:mm a",
    "yy/M/d H:m:s", "yyyyMMddHHmmss", "yyyyMMddHHmmssSSS", "yyMMdd", "y", "yyy", "yyyyy", "D", "DDD", "k", "kk", "K:mm a", "hh:mm a", "S", "SS", "SSSS", "MMM d HH:mm:ss", "''yyyy''", "'o''clock' h a", "yyyy-DDD",
    "HH:mm", "E", "G yyyy", "d. MMMM", "MM/dd", "yyyy'W'", "z", "Z", "yyyy-MM-dd z",
]  # fmt: skip
_TEXTS = {
    "yyyy-MM-dd": ["2024-01-31", "2024-1-5", "24-01-31", "2024-02-30", "2024-13-01", "2023-02-29", " 2024-01-31", "2024-01-31x", "2024-01", "x", "", "02024-001-01", "2024-00-00", "2024 -01-31", "-5-01-01"],
    "yyyy-MM-dd HH:mm:ss": ["2024-01-31 10:11:12", "2024-03-10 02:30:00", "2024-11-03 01:30:00", "2024-01-31  10:11:12", "2024-01-31 24:00:00", "2024-01-31 25:61:61", "2024-01-31T10:11:12"],
    "yyyy-MM-dd HH:mm:ss,SSS": ["2024-01-31 10:11:12,345", "2024-01-31 10:11:12,5", "2024-01-31 10:11:12,123456"],
    "yyyy-MM-dd'T'HH:mm:ss.SSSZ": ["2024-01-31T10:11:12.345+0100", "2024-01-31T10:11:12.345-05:30", "2024-01-31T10:11:12.345Z", "2024-01-31T10:11:12.345GMT", "2024-01-31T10:11:12.345+01", "2024-01-31t10:11:12.345+0000"],
    "dd/MMM/yyyy:HH:mm:ss Z": ["10/Oct/2000:13:55:36 -0700", "10/OCTOBER/2000:13:55:36 -0700", "1/oct/2000:3:5:6 +0000", "10/Okt/2000:13:55:36 -0700"],
    "EEE MMM d HH:mm:ss yyyy": ["Wed Jan 31 10:11:12 2024", "Mon Jan 31 10:11:12 2024", "Wednesday January 31 10:11:12 2024", "wed jan 31 10:11:12 2024", "Xxx Jan 31 10:11:12 2024"],
    "MMM d HH:mm:ss": ["Jan 31 10:11:12", "Feb 29 00:00:00", "Jan  5 10:11:12", "Feb 30 00:00:00"],
    "yy/M/d H:m:s": ["24/1/31 1:2:3", "89/1/31 1:2:3", "90/1/31 1:2:3", "49/1/1 0:0:0", "50/1/1 0:0:0", "2024/1/31 1:2:3", "5/1/1 0:0:0"],
    "yyyyMMddHHmmss": ["20240131101112", "2024013110111", "202401311011123", "2024 1 1 1 1 1"],
    "yyyyMMddHHmmssSSS": ["20240131101112345"],
    "yyMMdd": ["240131", "890131", "900101", "891231", "24131", "2401315"],
    "y": ["5", "24", "2024", "12345"],
    "hh:mm a": ["12:00 AM", "12:00 PM", "01:30 pm", "13:00 PM", "00:00 AM", "1:5 AM"],
    "K:mm a": ["0:10 PM", "11:10 AM", "12:10 PM"],
    "kk": ["24", "1", "0", "25"],
    "HH:mm": ["10:11", "0:0", "23:59"],
    "yyyy-DDD": ["2024-060", "2024-366", "2023-366", "2024-1"],
    "MM/dd": ["02/29", "12/31"],
    "yyyy-MM-dd z": ["2024-07-01 EST", "2024-07-01 PDT", "2024-07-01 UTC", "2024-07-01 GMT+2:00", "2024-07-01 GMT", "2024-07-01 Nowhere"],
    "G yyyy": ["AD 2024"],
    "d. MMMM": ["5. March", "5. Mar"],
    "'o''clock' h a": ["o'clock 5 PM", "O'CLOCK 5 PM"],
    "SSSS": ["1234", "5", "123"],
}  # fmt: skip
_SDF_ONLY = [
    "Y",
    "YY",
    "YYYY-'W'ww",
    "w",
    "W",
    "F",
    "u",
    "L",
    "LLL",
    "X",
    "XX",
    "XXX",
    "zzz",
    "ZZZZ",
    "yyyy-MM-dd'T'HH:mm:ssXXX",
    "yyyy-MM-dd'T'HH:mm:ss.SSSX",
    "B",
    "yyyy'",
    "XXXX",
    "aaaa",
    "dEEE",
]
_SDF_TEXTS = {
    "yyyy-MM-dd'T'HH:mm:ssXXX": ["2024-01-31T10:11:12+01:00", "2024-01-31T10:11:12Z", "2024-01-31T10:11:12+0100", "2024-01-31T10:11:12-05:30"],
    "yyyy-MM-dd'T'HH:mm:ss.SSSX": ["2024-01-31T10:11:12.345+01", "2024-01-31T10:11:12.345Z"],
    "yyyy-MM-dd HH:mm:ss XX": ["2024-01-31 10:11:12 +0130"],
}  # fmt: skip
_JODA_ONLY = [
    "x",
    "xx",
    "xxxx-'W'ww-e",
    "w",
    "e",
    "C",
    "ZZ",
    "ZZZ",
    "Y",
    "YY",
    "YYYY",
    "SSSSSS",
    "yyyy-MM-dd'T'HH:mm:ssZZ",
    "b",
    "yyyy-MM-dd ZZZ",
]
_JODA_TEXTS = {
    "yyyy-MM-dd'T'HH:mm:ssZZ": ["2024-01-31T10:11:12+01:00", "2024-01-31T10:11:12Z", "2024-01-31T10:11:12+0100"],
    "yyyy-MM-dd ZZZ": ["2024-07-01 Europe/Berlin", "2024-07-01 UTC", "2024-07-01 Nowhere/City"],
    "YYYY-MM-dd": ["2024-01-31"],
    "SSSSSS": ["123456", "1234567", "5"],
    "HH:mm:ss.SSSSSS": ["10:11:12.123456"],
}  # fmt: skip

SDF = [
    *(["sdf_format", pattern, zone, instant] for pattern in [*_BOTH, *_SDF_ONLY] for zone in _ZONES for instant in _INSTANTS),
    *(["sdf_parse", pattern, zone, text] for pattern, texts in {**_TEXTS, **_SDF_TEXTS}.items() for text in texts for zone in _ZONES),
]  # fmt: skip
JODA = [
    *(["joda_format", pattern, zone, instant] for pattern in [*_BOTH, *_JODA_ONLY] for zone in _ZONES for instant in _INSTANTS),
    *(["joda_parse", pattern, zone, text] for pattern, texts in {**_TEXTS, **_JODA_TEXTS}.items() for text in texts for zone in _ZONES),
]  # fmt: skip
