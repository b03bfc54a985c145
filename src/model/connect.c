/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/connect.h"

#include "base/grow.h"

#include <stdlib.h>

void connect_answer_fini(struct connect_answer *answer)
{
	grow_fini(&answer->users);
	facts_fini(&answer->facts);
	text_fini(&answer->cause);
	advice_fini(&answer->advice);
	advice_fini(&answer->avoid);
	advice_fini(&answer->notes);
}

void destinations_fini(struct destinations *destinations)
{
	grow_fini(&destinations->list);
}
