/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_FINDING_H
#define MODEL_FINDING_H

#include "base/text.h"
#include "model/age.h"
#include "model/snapshot.h"

#include <string.h>

/* A notice is worth a line to a person who looks: no trouble, and never an exit status. */
enum severity { SEVERITY_NONE, SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_CRITICAL };

/* What a finding is about. The kind says which members are used. */
enum subject_kind {
	SUBJECT_PROCESS,        /* process, remote service (port, perhaps address) */
	SUBJECT_DESTINATION,    /* source -> destination:port */
	SUBJECT_LISTENER,       /* address:port, its holders */
	SUBJECT_NETNS,          /* the whole namespace */
	SUBJECT_MACHINE,
};

struct subject {
	enum subject_kind kind;
	int32_t     process;            /* index in snapshot, -1: hidden or none */
	uint64_t    cgroup_id;          /* 0: unknown */
	bool        has_source, has_destination;
	enum family family;
	struct addr source, destination;/* LISTENER: source is its address */
	uint16_t    port;               /* of the destination or listener; 0: none */
	uint32_t    listener_inode;     /* LISTENER: whose holders to name; 0: none */
};

/* The process to name as its owner, an index; -1: hidden or none. */
int32_t subject_holder(const struct snapshot *seen, const struct subject *subject);

/* The kind of a fact decides how sentences spell it and what it is in JSON. */
enum fact_kind {
	FACT_COUNT, FACT_MS, FACT_S, FACT_BYTES, FACT_RATE, FACT_PERCENT,
	FACT_TEXT,              /* foreign bytes, or a word that names a choice */
	FACT_ID,                /* an identity such as a port or a pid: no thousands separator */
	FACT_BOOL,
	FACT_LEFT_MS,           /* time until something ends: rounded up, not down */
	FACT_WORDS,             /* part of a sentence, safe to print; not in JSON */
};

/* A named fact that a verdict rests on. */
struct fact {
	const char  *group;             /* object in JSON around it; NULL: none. Static text */
	const char  *name;              /* JSON member with its unit. Static text */
	enum fact_kind kind;
	bool         known;             /* false: null */
	double       value;             /* exact up to 2^53 */
	struct text  text;              /* FACT_TEXT, FACT_WORDS */
};

/*
 * Zeroed memory is an empty list. The first fact of a name counts; names that are not
 * found are looked up in @next.
 */
struct facts {
	struct fact *at;
	size_t count, room;
	const struct facts *next;       /* borrowed, or NULL */
};
void facts_fini(struct facts *facts);

/*
 * Adds a fact that is not known yet. The pointers that this and facts_number() return
 * are valid until the next fact is added.
 */
struct fact *facts_add(struct facts *facts, const char *name, enum fact_kind kind);
struct fact *facts_number(struct facts *facts, const char *name, enum fact_kind kind, double value);
void facts_known(struct facts *facts, const char *name, enum fact_kind kind,
		 const struct known *value);
void facts_bool(struct facts *facts, const char *name, bool value);
/* Adds the ephemeral range as a text: "32768-60999". */
void facts_range(struct facts *facts, unsigned low, unsigned high);
/* Adds a text: foreign bytes, or one of a few words. @word NULL: not known. */
void facts_bytes(struct facts *facts, const char *name, const char *bytes, size_t size);
void facts_word(struct facts *facts, const char *name, const char *word);
/*
 * Adds a FACT_WORDS and returns its text to be filled. It is known; while the text is
 * empty it counts as absent.
 */
struct text *facts_words(struct facts *facts, const char *name);
/*
 * Finds a fact by its name of @size bytes, "group.name" where it has a group; NULL when
 * there is none.
 */
const struct fact *facts_named(const struct facts *facts, const char *name, size_t size);
static inline const struct fact *facts_find(const struct facts *facts, const char *name)
{
	return facts_named(facts, name, strlen(name));
}

#define AGE_BUCKETS   12        /* <1 s, <2 s, <4 s ... and the rest */
#define STRIP_CELLS   64
#define ADVICE_MAX    6
#define EXAMPLES_MAX  5
/* Limit for JSON: for each example, and for a listener that is the subject. */
#define EXAMPLE_HOLDERS_MAX 32

/* A list of advice: static text, or formatted text that the finding owns. */
struct advice { size_t count; char *text[ADVICE_MAX]; };

/* Adds an advice; drops it when the list is full. */
void advice_add(struct advice *advice, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void advice_fini(struct advice *advice);

/*
 * How full each part of a port range is. Few findings have one, so it is allocated only
 * for them.
 */
struct port_strip {
	uint16_t low, high;
	uint16_t size[STRIP_CELLS];     /* ports in the cell */
	uint16_t used[STRIP_CELLS];     /* how many of them are in use */
	uint16_t reserved[STRIP_CELLS];
};

struct finding_process { uint32_t process, count; };

struct finding {
	const char    *id;              /* static, from the rule row */
	enum severity  severity;
	struct subject subject;
	uint64_t       count;           /* sockets (or descriptors) concerned */
	bool           count_unknown;   /* what is counted could not be read */
	struct age     age;             /* min_ms: the lower bound of the oldest socket's age */
	struct facts   facts;
	struct { uint32_t *at; size_t count, room; } members;  /* indices of socks */
	/* who holds how many members, most first; a socket counts for one process */
	struct { struct finding_process *at; size_t count, room; } processes;
	bool           has_processes;   /* @processes was filled */
	const char    *opener;          /* who opened the members, service_opener(); or NULL */
	uint64_t       hidden;          /* members whose holder was not seen */
	bool           has_ages;        /* the ages are worth a histogram */
	uint32_t       ages[AGE_BUCKETS];       /* by lower bound of age: below 2^i s */
	uint32_t       ages_unknown;
	struct port_strip *strip;       /* NULL: no port range to draw */
};

/* Sockets that a rule concerns and that are too few for a finding of their namespace. */
struct rule_left {
	const char *id;                 /* static, from the rule row */
	uint64_t   count, critical;     /* as old as for a critical finding: @critical */
	struct age oldest;
};

/* Findings, the worst first. It owns all its memory; report_fini() frees it. */
struct report {
	struct { struct finding *at; size_t count, room; } findings;
	struct { struct rule_left *at; size_t count, room; } left;
	enum severity worst;            /* SEVERITY_NONE where there are but notices */
	/*
	 * Set before holders are known: a process cannot be told from others then, so what
	 * may be a finding is one, and judging again with the holders of these decides.
	 */
	bool tentative;
	struct {
		uint64_t count[STATE_COUNT];
		uint64_t total;
		bool     untold[STATE_COUNT];   /* not listed: by this kernel, or because no rule depends on it */
	} summary;
};

void report_init(struct report *report);
void report_fini(struct report *report);

/* Sets `worst`. */
void report_rate(struct report *report);

/*
 * Removes the findings for which @keep is false and sets `worst` anew. The others keep
 * their order.
 */
void report_keep(struct report *report, const bool *keep);

/* A new, empty finding at the end of the report. */
struct finding *report_add(struct report *report, const char *id);

/*
 * Adds a socket to the members, and the lower bound of its age to the histogram. Returns
 * its age.
 */
struct age finding_member(struct finding *f, const struct snapshot *seen, uint32_t index);

#endif
