package org.xecomla.spark.stage;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.corpus.text.Conversation;
import org.xecomla.corpus.text.Document;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.files.DataFiles;
import scala.Tuple2;

/**
 * Finds the documents whose text came before, by 128 bits of its SHA-256: a task a split takes the digests, a shuffle
 * brings equal ones together, and what is to be dropped of a split is left in a file beside the parts.
 */
final class DuplicateSearch {
    private DuplicateSearch() {}

    /** A text's digest; copies of a source that is taken several times are not duplicates of each other. */
    record Key(long high, long low, int copy) implements Serializable {}

    /** A document's place: its split, and its offset there. */
    record Place(int split, long offset) implements Serializable {}

    record Entry(Key key, Place place) implements Serializable {
        static Entry of(Document document, int copy, int split, long offset) {
            MessageDigest digest = sha256();
            String text = document.conversation().map(Conversation::json).orElse(document.text());
            digest.update(text.getBytes(StandardCharsets.UTF_8));
            ByteBuffer bytes = ByteBuffer.wrap(digest.digest());
            return new Entry(new Key(bytes.getLong(), bytes.getLong(), copy), new Place(split, offset));
        }

        private static MessageDigest sha256() {
            try {
                return MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /**
     * Leaves among the corpus's parts, for each split that has repetitions, a file of their sorted offsets; the first
     * in the order of splits is none. Nothing comes to the driver.
     */
    static void run(JavaSparkContext spark, CorpusTasks corpus, List<DocumentSplit> splits, int numTasks) {
        List<Integer> indices = IntStream.range(0, splits.size()).boxed().toList();
        List<DocumentSplit> serializable = new ArrayList<>(splits);
        spark.parallelize(indices, numTasks)
                .flatMapToPair(index -> corpus.entries(index, serializable.get(index)).stream()
                        .map(entry -> new Tuple2<>(entry.key(), entry.place()))
                        .iterator())
                .groupByKey(numTasks)
                .flatMap(DuplicateSearch::allButFirst)
                .mapToPair(place -> new Tuple2<>(place.split(), place.offset()))
                .groupByKey(numTasks)
                .foreach(split -> write(file(corpus.scratchPath(), split._1()), split._2()));
    }

    private static Path file(Path directory, int split) {
        return new Path(directory, String.format(Locale.ROOT, "duplicates-%05d", split));
    }

    private static void write(Path file, Iterable<Long> offsets) {
        long[] sorted = StreamSupport.stream(offsets.spliterator(), false)
                .mapToLong(Long::longValue)
                .sorted()
                .toArray();
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(sorted.length, Long.BYTES));
        bytes.asLongBuffer().put(sorted);
        DataFiles.writeAtomically(file, out -> out.write(bytes.array()));
    }

    /** The offsets that {@link #run} left for a split; none where it left none. */
    static long[] read(Path directory, int split) {
        Path file = file(directory, split);
        if (!DataFiles.exists(file)) {
            return new long[0];
        }
        try (InputStream in = DataFiles.openStream(file)) {
            LongBuffer offsets = ByteBuffer.wrap(in.readAllBytes()).asLongBuffer();
            long[] sorted = new long[offsets.remaining()];
            offsets.get(sorted);
            return sorted;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Iterator<Place> allButFirst(Tuple2<Key, Iterable<Place>> group) {
        List<Place> all = new ArrayList<>();
        group._2().forEach(all::add);
        all.sort(Comparator.comparingInt(Place::split).thenComparingLong(Place::offset));
        return all.subList(1, all.size()).iterator();
    }
}
