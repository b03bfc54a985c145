/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_FINDING_H
#define MODEL_FINDING_H

#include "base/text.h"
#include "model/age.h"
#include "model/snapshot.h"

#include <string.h>

enum severity { SEVERITY_NONE, SEVERITY_WARNING, SEVERITY_CRITICAL };

/* Whom a finding is about; the kind says which members are meant. */
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

/* What a fact is, which says how it is spelled and what it is in JSON. */
enum fact_kind {
	FACT_COUNT, FACT_MS, FACT_S, FACT_BYTES, FACT_RATE, FACT_PERCENT,
	FACT_TEXT,              /* raw bytes of others, or a word that stands for a choice */
	FACT_ID,                /* a port, a pid: a number that nobody counts */
	FACT_BOOL,
	FACT_LEFT_MS,           /* time until something ends: rounded up, not down */
	FACT_WORDS,             /* part of a sentence, safe to print; in no JSON */
};

/* What a verdict rests on, by name. */
struct fact {
	const char  *group;             /* object in JSON around it; NULL: none. Static text */
	const char  *name;              /* JSON member with its unit. Static text */
	enum fact_kind kind;
	bool         known;             /* false: null */
	double       value;             /* exact up to 2^53 */
	struct text  text;              /* FACT_TEXT, FACT_WORDS */
};

/* Zeroed memory is empty. The first fact of a name counts, then those of @next. */
struct facts {
	struct fact *at;
	size_t count, room;
	const struct facts *next;       /* borrowed, or NULL */
};
void facts_fini(struct facts *facts);

/* A new fact, not known yet. It and that of facts_number() are there until the next one is added. */
struct fact *facts_add(struct facts *facts, const char *name, enum fact_kind kind);
struct fact *facts_number(struct facts *facts, const char *name, enum fact_kind kind, double value);
void facts_known(struct facts *facts, const char *name, enum fact_kind kind,
		 const struct known *value);
void facts_bool(struct facts *facts, const char *name, bool value);
/* Adds the text "32768-60999", the ephemeral range. */
void facts_range(struct facts *facts, unsigned low, unsigned high);
/* A text: raw bytes of others, or one of a few words; @word NULL: not known. */
void facts_bytes(struct facts *facts, const char *name, const char *bytes, size_t size);
void facts_word(struct facts *facts, const char *name, const char *word);
/* The text of a new FACT_WORDS; it counts as known, empty text as nothing. */
struct text *facts_words(struct facts *facts, const char *name);
/* By its name of @size bytes, "group.name" where it has a group; NULL when there is none. */
const struct fact *facts_named(const struct facts *facts, const char *name, size_t size);
static inline const struct fact *facts_find(const struct facts *facts, const char *name)
{
	return facts_named(facts, name, strlen(name));
}

#define AGE_BUCKETS   12        /* <1 s, <2 s, <4 s ... and the rest */
#define STRIP_CELLS   64
#define ADVICE_MAX    6
#define EXAMPLES_MAX  5
/* In JSON: of each example, and of a listener that is the subject. */
#define EXAMPLE_HOLDERS_MAX 32

/* One advice: static text, or formatted text that the finding owns. */
struct advice { size_t count; char *text[ADVICE_MAX]; };

/* Further advice is dropped when the list is full. */
void advice_add(struct advice *advice, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void advice_fini(struct advice *advice);

/* Ports of a range, cell by cell; there can be many findings, and few have one. */
struct port_strip {
	uint16_t low, high;
	uint16_t size[STRIP_CELLS];     /* ports in the cell */
	uint16_t used[STRIP_CELLS];     /* of them in use */
	uint16_t reserved[STRIP_CELLS];
};

struct finding {
	const char    *id;              /* static, from the rule row */
	enum severity  severity;
	struct subject subject;
	uint64_t       count;           /* sockets (or descriptors) concerned */
	struct age     age;             /* min: of the oldest's lower bound */
	struct facts   facts;
	struct { uint32_t *at; size_t count, room; } members;  /* indices of socks */
	bool           has_ages;        /* ages are worth a histogram */
	uint32_t       ages[AGE_BUCKETS];       /* by lower bound, log2 seconds */
	uint32_t       ages_unknown;
	struct port_strip *strip;       /* NULL: ports are worth none */
};

/* Findings, worst first. Owns what they own; report_fini() frees it. */
struct report {
	struct { struct finding *at; size_t count, room; } findings;
	enum severity worst;
	struct {
		uint64_t count[STATE_COUNT];
		uint64_t total;
		bool     untold[STATE_COUNT];   /* this kernel lists none of them; a gap says so */
	} summary;
};

void report_init(struct report *report);
void report_fini(struct report *report);

/* Takes out findings for which @keep is false; the others stay in order, `worst` is theirs. */
void report_keep(struct report *report, const bool *keep);

/* A new, empty finding at the end of the report. */
struct finding *report_add(struct report *report, const char *id);

/* Adds a socket to members and its lower age bound to the histogram. Returns its age. */
struct age finding_member(struct finding *f, const struct snapshot *seen, uint32_t index);

#endif
