# sqlcipher3 is CPython's sqlite3 built over SQLCipher: the same names and types.

from sqlite3 import *
from sqlcipher3 import dbapi2 as dbapi2
