package org.xecomla.corpus.shards;

import java.io.Serializable;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import org.xecomla.corpus.text.Message;
import org.xecomla.corpus.text.Verdict;
import org.xecomla.errors.UserException;

/**
 * What became of some documents.
 *
 * @param documents how many met which verdict; all of them are keys
 * @param numTokens of the kept ones
 * @param numLearned tokens among them that count in a loss
 * @param silent of the conversations without such a token
 */
public record PartCounts(Map<Verdict, Long> documents, long numTokens, long numLearned, SilentConversations silent)
        implements Serializable {
    public static final PartCounts ZERO = new PartCounts(Map.of(), 0, 0, SilentConversations.NONE);

    public PartCounts {
        EnumMap<Verdict, Long> all = new EnumMap<>(Verdict.class);
        for (Verdict verdict : Verdict.values()) {
            all.put(verdict, documents.getOrDefault(verdict, 0L));
        }
        documents = all;
    }

    public long numKept() {
        return documents.get(Verdict.KEPT);
    }

    /** All documents that were read. */
    public long numRead() {
        return documents.values().stream().mapToLong(Long::longValue).sum();
    }

    public PartCounts plus(PartCounts other) {
        Map<Verdict, Long> sum = new EnumMap<>(documents);
        other.documents.forEach((verdict, count) -> sum.merge(verdict, count, Long::sum));
        return new PartCounts(
                sum, numTokens + other.numTokens, numLearned + other.numLearned, silent.plus(other.silent));
    }

    /**
     * @param files that the documents came from, for the message
     * @throws UserException where there are tokens and none is learned
     */
    public void requireLearned(String files) {
        if (numLearned == 0 && numTokens > 0) {
            throw new UserException("nothing would be learned of " + files + ": the roles in its conversations are "
                    + silent.describe() + ", and only what \"" + Message.ASSISTANT
                    + "\" says is learned; name the role so, or set corpus.learn = all");
        }
    }

    /**
     * @param files that the documents came from, for the message
     * @throws UserException where more rows than {@code limit} were passed over
     */
    public void requireFewBad(long limit, String files) {
        long numBad = documents.get(Verdict.BAD_ROW);
        if (numBad > limit) {
            throw new UserException(numBad + " rows of " + files + " cannot be read, and corpus.skip-bad-rows = "
                    + limit + " pass at most: raise it, or mend the files");
        }
    }

    Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>();
        documents.forEach((verdict, count) -> settings.put("num-documents-" + verdict, Long.toString(count)));
        settings.put("num-tokens", Long.toString(numTokens));
        settings.put("num-learned", Long.toString(numLearned));
        settings.putAll(silent.settings());
        return settings;
    }

    static PartCounts ofSettings(Map<String, String> settings) {
        Map<Verdict, Long> documents = new EnumMap<>(Verdict.class);
        for (Verdict verdict : Verdict.values()) {
            documents.put(verdict, Long.parseLong(settings.getOrDefault("num-documents-" + verdict, "0")));
        }
        return new PartCounts(
                documents,
                Long.parseLong(settings.get("num-tokens")),
                Long.parseLong(settings.get("num-learned")),
                SilentConversations.ofSettings(settings));
    }
}
