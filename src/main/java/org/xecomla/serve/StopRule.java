package org.xecomla.serve;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.formats.ModelDirectory;

/**
 * When a continuation ends before its last token.
 *
 * @param endTokens end it, and are no part of it
 * @param complete sees all tokens of the continuation after each of them; where it holds, that was the last
 */
public record StopRule(Set<Integer> endTokens, Predicate<int[]> complete) {
    public StopRule {
        endTokens = Set.copyOf(endTokens);
    }

    public static StopRule atTokens(Set<Integer> endTokens) {
        return new StopRule(endTokens, added -> false);
    }

    /** Ends where the model says a text ends: in generation_config.json, else config.json. */
    public static StopRule of(ModelDirectory model) {
        return atTokens(new HashSet<>(model.eosTokenIds()));
    }

    /**
     * This rule, and an end at each of {@code stops}: at its token where the tokenizer knows it as one, else with the
     * token that completes it in the continuation's text.
     */
    public StopRule orAt(List<String> stops, Tokenizer tokenizer) {
        Set<Integer> tokens = new HashSet<>(endTokens);
        stops.stream().map(tokenizer::encode).filter(ids -> ids.length == 1).forEach(ids -> tokens.add(ids[0]));
        return new StopRule(tokens, added -> complete.test(added) || firstStop(tokenizer.decode(added), stops) >= 0);
    }

    /** Where the first of {@code stops} begins in {@code text}; -1: nowhere. */
    public static int firstStop(String text, List<String> stops) {
        return stops.stream()
                .mapToInt(text::indexOf)
                .filter(at -> at >= 0)
                .min()
                .orElse(-1);
    }
}
