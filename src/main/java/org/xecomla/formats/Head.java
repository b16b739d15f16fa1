package org.xecomla.formats;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.LoggerFactory;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;
import org.xecomla.formats.checkpoint.StoredWeight;

/** What {@code tie_word_embeddings} means beside the tensors of a file, as transformers 5.18 has it. */
final class Head {
    private static final int CHUNK_ELEMENTS = 1 << 20;

    private Head() {}

    /** The tensors of a tied model: a head without an embedding is both. */
    static Map<String, StoredWeight> tied(Map<String, StoredWeight> tensors) {
        StoredWeight head = tensors.get(ParameterNames.HEAD);
        if (head == null || tensors.containsKey(ParameterNames.EMBEDDING)) {
            return tensors;
        }
        Map<String, StoredWeight> both = new LinkedHashMap<>(tensors);
        both.put(ParameterNames.EMBEDDING, head);
        return both;
    }

    /**
     * Whether a tied model brings a head of other values than its embedding, which then counts; said as a warning. Both
     * are read up to the first difference, where there are two.
     */
    static boolean isItsOwn(Map<String, StoredWeight> tensors) {
        StoredWeight head = tensors.get(ParameterNames.HEAD);
        if (head == null || same(head, tensors.get(ParameterNames.EMBEDDING))) {
            return false;
        }
        // Asked for only here: starting the logging takes longer than opening a model.
        LoggerFactory.getLogger(ModelDirectory.class)
                .warn(
                        "{}: {} differs from the embedding and counts, though config.json says tie_word_embeddings",
                        DataFiles.display(head.file().path()),
                        head.entry().name());
        return true;
    }

    private static boolean same(StoredWeight a, StoredWeight b) {
        if (a.equals(b)) {
            return true;
        }
        long length = a.numElements();
        float[] inA = new float[(int) Math.min(CHUNK_ELEMENTS, length)];
        float[] inB = new float[inA.length];
        try (RandomReader readerA = a.file().reader();
                RandomReader readerB = b.file().reader()) {
            for (long at = 0; at < length; at += inA.length) {
                int count = (int) Math.min(inA.length, length - at);
                a.read(readerA, at, inA, count);
                b.read(readerB, at, inB, count);
                if (!Arrays.equals(inA, 0, count, inB, 0, count)) {
                    return false;
                }
            }
        }
        return true;
    }
}
