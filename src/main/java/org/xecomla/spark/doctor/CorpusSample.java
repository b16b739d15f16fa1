package org.xecomla.spark.doctor;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.chat.ChatRules;
import org.xecomla.corpus.shards.SilentConversations;
import org.xecomla.corpus.text.Document;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.MaskedTokens;
import org.xecomla.errors.UserException;
import org.xecomla.run.RunModels;
import org.xecomla.run.RunTokenizer;

/** The first rows of every entry of the corpus, read, rendered and tokenised as the shard stage will. */
final class CorpusSample {
    private static final int DOCUMENTS = 100;
    private static final int MAX_CHARS = 1 << 20; // of all of them: a book may be one document

    private final RunConfig config;
    private final RunTokenizer tokenizer;
    private final ChatRules chat;

    private CorpusSample(RunConfig config, RunTokenizer tokenizer, ChatRules chat) {
        this.config = config;
        this.tokenizer = tokenizer;
        this.chat = chat;
    }

    /** What one entry's first rows came to. */
    private record Rows(String entry, int documents, long learned, SilentConversations silent) {}

    /** Nothing where tokenizer or models cannot be read, of which other checks tell. */
    static List<Finding> all(RunConfig config) {
        if (config.models().base().isEmpty()) {
            return List.of();
        }
        try (RunTokenizer tokenizer =
                RunTokenizer.open(config, RunModels.base(config).config())) {
            CorpusSample sample = new CorpusSample(config, tokenizer, RunModels.chat(config));
            List<Finding> findings =
                    new ArrayList<>(sample.of("corpus.train", config.corpus().train()));
            findings.addAll(sample.of("corpus.valid", config.corpus().valid()));
            return findings;
        } catch (UserException unreadable) {
            return List.of();
        }
    }

    /** Entries of which nothing is learned are wrong where none is left; else they may be meant. */
    private List<Finding> of(String key, List<String> entries) {
        List<Finding> findings = new ArrayList<>();
        List<Rows> read = new ArrayList<>();
        for (String entry : entries) {
            if (!StorageChecks.isReadable(entry)) {
                continue; // told already
            }
            try {
                read.add(rows(entry));
            } catch (RuntimeException e) {
                findings.add(Finding.fail("rows", StorageChecks.firstLine(e)));
            }
        }
        boolean teaches = read.stream().anyMatch(rows -> rows.learned > 0);
        for (Rows rows : read) {
            findings.add(finding(key, rows, teaches));
        }
        return findings;
    }

    private static Finding finding(String key, Rows rows, boolean teaches) {
        String found = key + " " + rows.entry + ": of its first " + rows.documents + " documents ";
        if (rows.silent.number() == 0) {
            return Finding.ok("rows", found + rows.learned + " tokens are learned");
        }
        String roles = rows.silent.number() + " are conversations of which nothing is learned; roles in them: "
                + rows.silent.describe()
                + ": call whose words are learned \"assistant\", or set corpus.learn = all";
        return teaches ? Finding.warn("rows", found + roles) : Finding.fail("rows", found + roles);
    }

    private Rows rows(String entry) {
        int[] documents = {0};
        long[] seen = {0, 0}; // characters, learned tokens
        SilentConversations[] silent = {SilentConversations.NONE};
        TextDocuments.of(List.of(entry), config.corpus()).read(document -> {
            seen[0] += document.text().length();
            if (document.isConversation() || seen[0] <= MAX_CHARS) {
                long learned = learned(document);
                seen[1] += learned;
                if (learned == 0 && document.isConversation()) {
                    silent[0] = silent[0].plus(SilentConversations.of(document));
                }
            } else {
                seen[1]++; // a long text: all of it is
            }
            return ++documents[0] < DOCUMENTS && seen[0] < MAX_CHARS;
        });
        return new Rows(entry, documents[0], seen[1], silent[0]);
    }

    private long learned(Document document) {
        MaskedTokens tokens = tokenizer.packing().tokens(document, tokenizer.tokenizer(), chat);
        long learned = 0;
        for (boolean counted : tokens.counted()) {
            learned += counted ? 1 : 0;
        }
        return learned;
    }
}
