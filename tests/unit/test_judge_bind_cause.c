/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/* Why bind() fails, or perhaps: which flag is missing, and what was not seen. */

#define UNKNOWN_TW "sock time-wait 10.9.0.1:8080 10.9.0.9:99 timewait=1000\n"

static const struct told_row rows[] = {
	{ "it is said that the listener lacks SO_REUSEPORT",
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\n"
	  "bind 10.9.0.1:8080 flags=p\n",
	  { "listens on 10.9.0.1:8080; the listener did not set SO_REUSEPORT\n" } },
	{ "two uids are not blamed where the listener has no SO_REUSEPORT",
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=a uid=5\n"
	  "bind 10.9.0.1:8080 flags=p uid=6\n",
	  { "; the listener did not set SO_REUSEPORT\n", "!belong to one user" } },
	{ "it is said which UDP socket lacks which option",
	  "sock close 10.9.0.1:8080 0.0.0.0:0 udp flags=\n"
	  "bind 10.9.0.1:8080 udp flags=ap\n",
	  { "; it did not set SO_REUSEADDR or SO_REUSEPORT\n" } },
	{ "two uids are blamed where no option is missing",
	  "sock close 10.9.0.1:8080 0.0.0.0:0 udp flags=p uid=5\n"
	  "bind 10.9.0.1:8080 udp flags=p uid=6\n",
	  { "only if they belong to one user (uid 5 there, 6 here)\n" } },

	/* ---- what a live socket tells of a dead one ---- */
	{ "a live socket at the first place tells of a dead one",
	  "sock established 10.9.0.1:8080 10.9.0.9:98 flags=a\n" UNKNOWN_TW
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "; a live socket on that address set it: likely that one, too\n" } },
	{ "what one live socket tells is told once",
	  "sock established 10.9.0.1:8080 10.9.0.9:98 flags=a x=1\n"
	  "sock established 10.9.0.1:8080 10.9.0.9:97 flags=a\n" UNKNOWN_TW
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "gone in 1 s; it works only if that socket set SO_REUSEADDR, too, which is not known; "
	    "a live socket on that address set it: likely that one, too\n" } },
	{ "a socket that is not there any more tells nothing of a dead one",
	  UNKNOWN_TW "sock established 10.9.0.1:8080 10.9.0.9:98 flags=a\ngone sock\n"
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "depends", "!a live socket" } },
	{ "SO_REUSEADDR of others is not told to whoever does not set it",
	  "sock established 10.9.0.1:8080 10.9.0.9:98 flags=ap uid=0\n" UNKNOWN_TW
	  "bind 10.9.0.1:8080 flags=p\n",
	  { "depends", "it works only if that socket set SO_REUSEPORT, too", "!a live socket" } },
	{ "what is known of a socket is not guessed from itself",
	  "sock bound 10.9.0.1:8080 0.0.0.0:0 flags=p\n"
	  "bind 10.9.0.1:8080 flags=ap\n",
	  { "depends", "it works only if that socket set SO_REUSEADDR or SO_REUSEPORT, too",
	  "!a live socket" } },

	/* ---- what was not seen ---- */
	{ "an incomplete list does not hide the socket that may conflict",
	  "gap dump\n" UNKNOWN_TW "bind 10.9.0.1:8080 flags=a\n",
	  { "unknown", "not every socket on the port could be seen: a gap: dump; "
	    "10.9.0.1:8080 to 10.9.0.9:99 in TIME_WAIT (no process), gone in 1 s; it works only if "
	    "that socket set SO_REUSEADDR, too" } },
	{ "a listing cut short is told as the reason",
	  "gap owners\ngap dump\nbind 10.9.0.1:8080\n",
	  { "unknown", "could be seen: a gap: dump\n" } },
	{ "bound sockets that an old kernel does not list are told as the reason",
	  "gap owners\ngap bound\nbind 10.9.0.1:8080\n",
	  { "unknown", "could be seen: a gap: bound\n" } },
	{ "a message that made no sense is told as the reason",
	  "gap limits\ngap attribute\nbind 10.9.0.1:8080\n",
	  { "unknown", "could be seen: a gap: attribute\n" } },
	{ "what a recording lacks is told as the reason",
	  "gap cgroups\ngap recording\nbind 10.9.0.1:8080\n",
	  { "unknown", "could be seen: a gap: recording\n" } },
	{ "memory that ran out is told as the reason",
	  "gap links\ngap resources\nbind 10.9.0.1:8080\n",
	  { "unknown", "could be seen: a gap: resources\n" } },
	{ "rows from /proc are told as the reason",
	  "gap owners\ngap source\nbind 10.9.0.1:8080\n",
	  { "unknown", "could be seen: a gap: source\n" } },
	{ "owners that were not seen are not told as the reason for an incomplete list",
	  "gap owners\nseen incomplete\nbind 10.9.0.1:8080\n",
	  { "unknown", "could be seen: the list of sockets is not whole\n" } },

	/* ---- what would settle it ---- */
	{ "a descriptor that root may ask is seen behind a socket without one",
	  "sock established 10.9.0.1:8080 10.9.0.9:99 inode=0\n"
	  "sock fin-wait-2 10.9.0.1:8080 10.9.0.9:98\n"
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "settles: root may ask a descriptor for its options; or --probe" } },
	{ "a descriptor that nobody has is not to be asked",
	  "sock established 10.9.0.1:8080 10.9.0.9:99 inode=0\n"
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "settles: --probe, a real bind() that is undone at once\n" } },
	{ "a descriptor whose options are all known is not to be asked",
	  "sock established 10.9.0.1:8080 10.9.0.9:99 inode=0\n"
	  "sock bound 10.9.0.1:8080 0.0.0.0:0 flags=p uid=0\n"
	  "bind 10.9.0.1:8080 flags=p\n",
	  { "settles: --probe, a real bind() that is undone at once\n" } },
};

int main(void)
{
	return TOLD_RUN(rows);
}
