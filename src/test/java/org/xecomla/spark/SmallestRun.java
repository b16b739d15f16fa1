package org.xecomla.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.xecomla.corpus.stories.StoryGrammar;

/** The smallest run that has every stage. */
public final class SmallestRun {
    private static final int NUM_STORIES = 10;
    private static final int NUM_PAIRS = 10;

    private SmallestRun() {}

    /**
     * Writes its inputs into {@code work}; returns its settings, one replica and {@code run.dir} in {@code work}.
     *
     * @param scheme before the name of every file, or nothing
     */
    public static Map<String, String> in(Path work, String scheme) throws Exception {
        Map<String, String> settings = new TreeMap<>(TinyRun.in(work).settings("run", 1));
        shorten(work.resolve("train.jsonl"), NUM_STORIES);
        shorten(work.resolve("valid.jsonl"), 3);
        writePairs(work.resolve("pairs.jsonl"), 0, NUM_PAIRS);
        writePairs(work.resolve("held-out.jsonl"), NUM_PAIRS, NUM_PAIRS + 2);
        settings.put("corpus.sequences-per-shard", "80");
        settings.put("distill.tokens", Integer.toString(4 * 6 * TinyRun.SEQUENCE_LENGTH));
        settings.put("distill.checkpoint-every", "2");
        settings.put("dpo.train", "[\"" + work.resolve("pairs.jsonl") + "\"]");
        settings.put("dpo.valid", "[\"" + work.resolve("held-out.jsonl") + "\"]");
        settings.put("dpo.batch-pairs", "5");
        settings.put("dpo.checkpoint-every", "1");
        settings.put("run.lease-timeout", "4");
        settings.put("compute.threads", "1");
        settings.replaceAll((key, value) -> value.replace(work.toString(), scheme + work));
        return settings;
    }

    private static void shorten(Path file, int lines) throws Exception {
        Files.write(file, Files.readAllLines(file).subList(0, lines));
    }

    /** Pairs of stories that end well and badly, the grammar's numbers {@code from} (inclusive) to {@code to}. */
    public static void writePairs(Path file, int from, int to) throws Exception {
        StoryGrammar grammar = new StoryGrammar(1);
        List<String> pairs = new ArrayList<>();
        for (int i = from; i < to; i++) {
            StoryGrammar.Fork fork = grammar.fork(i);
            pairs.add(new ObjectMapper()
                    .writeValueAsString(
                            Map.of("prompt", fork.common(), "chosen", fork.happy(), "rejected", fork.unhappy())));
        }
        Files.write(file, pairs);
    }
}
