package org.xecomla.eval.tasks;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.List;

/**
 * One question as the harness asks it: the likelier continuation is the answer.
 *
 * @param contexts what stands before each continuation, without the examples
 * @param continuations one a choice, with the delimiter before it
 * @param choices their texts, over whose lengths acc_norm divides
 * @param gold the right one
 * @param target what the harness logs as the target
 * @param example the question with its answer, as it stands before others
 */
record Question(
        List<String> contexts,
        List<String> continuations,
        List<String> choices,
        int gold,
        JsonNode target,
        String example) {
    static final String TARGET_DELIMITER = " ";
    static final String EXAMPLE_DELIMITER = "\n\n";

    /** The common form: one context, and the choices after it. */
    static Question ofChoices(String context, List<String> choices, int gold, JsonNode target) {
        return new Question(
                Collections.nCopies(choices.size(), context),
                choices.stream().map(choice -> TARGET_DELIMITER + choice).toList(),
                choices,
                gold,
                target,
                context + TARGET_DELIMITER + choices.get(gold) + EXAMPLE_DELIMITER);
    }
}
