"""Copies the first entry of a ZIP file into public.target, the way a Python loader does: read_zip.py URL ARCHIVE"""

import sys
import zipfile

import psycopg2

url, archive = sys.argv[1:3]
with zipfile.ZipFile(archive) as opened, psycopg2.connect(url) as connection:
    with opened.open(opened.namelist()[0]) as entry, connection.cursor() as cursor:
        cursor.copy_expert("copy public.target from stdin with (format csv, header)", entry)
