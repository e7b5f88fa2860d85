# The same names and types as the standard library's sqlite3.dbapi2.

from sqlite3.dbapi2 import *
