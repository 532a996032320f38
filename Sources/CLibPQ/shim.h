// The parts of PostgreSQL's libpq that `Storage` uses.
#include <libpq-fe.h>
