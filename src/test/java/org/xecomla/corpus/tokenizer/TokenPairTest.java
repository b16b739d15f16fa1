package org.xecomla.corpus.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class TokenPairTest {
    private static final TokenPair PAIR =
            new TokenPair(new int[] {1, 2, 3, 4, 5}, new int[] {6, 7, 8}, new int[] {9, 10});

    @Test
    void whatFitsIsLeftAsItIs() {
        assertSame(PAIR, PAIR.truncated(8, 2));
    }

    @Test
    void aPromptLosesItsBeginningFirst() {
        TokenPair cut = PAIR.truncated(7, 4);
        assertArrayEquals(new int[] {2, 3, 4, 5}, cut.prompt());
        assertArrayEquals(PAIR.chosen(), cut.chosen());
        assertArrayEquals(PAIR.rejected(), cut.rejected());
    }

    @Test
    void thenTheLongerAnswersLoseTheirEnd() {
        TokenPair cut = PAIR.truncated(4, 2);
        assertArrayEquals(new int[] {4, 5}, cut.prompt());
        assertArrayEquals(new int[] {6, 7}, cut.chosen());
        assertArrayEquals(new int[] {9, 10}, cut.rejected());
    }
}
