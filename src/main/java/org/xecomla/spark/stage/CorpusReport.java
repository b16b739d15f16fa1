package org.xecomla.spark.stage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.shards.PartCounts;
import org.xecomla.corpus.shards.StreamPart;
import org.xecomla.corpus.text.Verdict;
import org.xecomla.files.DataFiles;

/**
 * What became of the corpus's documents, in all and of each entry of its list of files.
 *
 * @param bySource by the place of the entry
 */
record CorpusReport(List<String> files, List<Double> weights, PartCounts all, Map<Integer, PartCounts> bySource) {
    static final String FILE = "report.json";

    static CorpusReport of(CorpusTasks corpus, List<StreamPart> parts) {
        PartCounts all = PartCounts.ZERO;
        Map<Integer, PartCounts> bySource = new TreeMap<>();
        for (StreamPart part : parts) {
            all = all.plus(part.counts());
            bySource.merge(part.source(), part.counts(), PartCounts::plus);
        }
        return new CorpusReport(corpus.files(), corpus.weights(), all, bySource);
    }

    /** Writes the report as JSON. */
    void write(Path directory) {
        ObjectMapper json = new ObjectMapper();
        ObjectNode report = counts(json, all);
        var sources = report.putArray("sources");
        bySource.forEach((source, counts) -> {
            ObjectNode one = json.createObjectNode();
            one.put("path", files.get(source));
            one.put("weight", weights.isEmpty() ? 1 : weights.get(source));
            one.setAll(counts(json, counts));
            sources.add(one);
        });
        try {
            DataFiles.writeString(
                    new Path(directory, FILE),
                    json.writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ObjectNode counts(ObjectMapper json, PartCounts counts) {
        ObjectNode node = json.createObjectNode();
        node.put("documents", counts.numRead());
        node.put("kept", counts.numKept());
        ObjectNode dropped = node.putObject("dropped");
        counts.documents().forEach((verdict, count) -> {
            if (verdict != Verdict.KEPT) {
                dropped.put(verdict.name().toLowerCase(Locale.ROOT).replace('_', '-'), count);
            }
        });
        node.put("tokens", counts.numTokens());
        node.put("learned-tokens", counts.numLearned());
        ObjectNode silent = node.putObject("conversations-without-learned-tokens");
        silent.put("number", counts.silent().number());
        silent.set("roles", json.valueToTree(counts.silent().roles()));
        return node;
    }

    /** Lines for a person: what was dropped and why, and what of each source is left; none where all is as it came. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        all.documents().forEach((verdict, count) -> {
            if (verdict != Verdict.KEPT && count > 0) {
                lines.add(String.format(
                        Locale.ROOT, "%,d of %,d documents dropped: %s", count, all.numRead(), verdict.reason()));
            }
        });
        if (all.numLearned() < all.numTokens()) {
            lines.add(String.format(Locale.ROOT, "%,d of %,d tokens are learned", all.numLearned(), all.numTokens()));
        }
        if (all.silent().number() > 0) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%,d of %,d documents are conversations of which nothing is learned; roles in them: %s",
                    all.silent().number(),
                    all.numKept(),
                    all.silent().describe()));
        }
        if (bySource.size() > 1) {
            bySource.forEach((source, counts) -> lines.add(String.format(
                    Locale.ROOT,
                    "%s: %,d tokens of %,d documents (%.1f %%)",
                    files.get(source),
                    counts.numTokens(),
                    counts.numKept(),
                    100.0 * counts.numTokens() / Math.max(1, all.numTokens()))));
        }
        return lines;
    }
}
