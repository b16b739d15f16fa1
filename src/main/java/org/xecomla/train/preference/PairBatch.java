package org.xecomla.train.preference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xecomla.corpus.tokenizer.TokenPair;

/**
 * Several preferences as the model takes them: all chosen sequences, then all rejected ones, filled up at their ends
 * with id 0 to the longest. What is filled in comes after all that is scored, so that causal attention never shows it.
 * Legend: n pairs, T tokens of the longest sequence.
 *
 * @param ids (2n*T)
 * @param answers of the 2n sequences
 */
record PairBatch(int numPairs, int[] ids, List<Answer> answers) {
    /**
     * Where a sequence's answer is predicted.
     *
     * @param from first row of (2n*T) that predicts a token of it
     * @param labels the answer's tokens, one a row; without the first where no prompt goes before it
     */
    record Answer(int from, int[] labels) {
        int to() {
            return from + labels.length;
        }
    }

    static PairBatch of(List<TokenPair> pairs) {
        int length = pairs.stream().mapToInt(TokenPair::length).max().orElseThrow();
        int[] ids = new int[2 * pairs.size() * length];
        List<Answer> answers = new ArrayList<>();
        for (int s = 0; s < 2 * pairs.size(); s++) {
            TokenPair pair = pairs.get(s % pairs.size());
            int[] answer = s < pairs.size() ? pair.chosen() : pair.rejected();
            int[] prompt = pair.prompt();
            System.arraycopy(prompt, 0, ids, s * length, prompt.length);
            System.arraycopy(answer, 0, ids, s * length + prompt.length, answer.length);
            int unscored = prompt.length == 0 ? 1 : 0;
            answers.add(new Answer(
                    s * length + prompt.length - 1 + unscored, Arrays.copyOfRange(answer, unscored, answer.length)));
        }
        return new PairBatch(pairs.size(), ids, answers);
    }

    int numSequences() {
        return 2 * numPairs;
    }

    Answer chosen(int pair) {
        return answers.get(pair);
    }

    Answer rejected(int pair) {
        return answers.get(numPairs + pair);
    }
}
