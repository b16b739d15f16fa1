package org.xecomla.spark;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.xecomla.corpus.Document;
import org.xecomla.corpus.DocumentSplit;
import org.xecomla.corpus.Message;
import scala.Tuple2;

/**
 * Finds the documents whose text came before, by 128 bits of its SHA-256: a task a split takes the digests, a shuffle brings
 * equal ones together, and only the places of repetitions come back.
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
            if (document.isConversation()) {
                for (Message message : document.messages()) {
                    digest.update((message.role() + "\0" + message.content() + "\0").getBytes(StandardCharsets.UTF_8));
                }
            } else {
                digest.update(document.text().getBytes(StandardCharsets.UTF_8));
            }
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

    /** Sorted offsets of the repetitions in each split that has some; the first in the order of splits is none. */
    static Map<Integer, long[]> run(StageContext context, Corpus corpus, List<DocumentSplit> splits) {
        List<Integer> indices = IntStream.range(0, splits.size()).boxed().toList();
        List<DocumentSplit> serializable = new ArrayList<>(splits);
        JavaPairRDD<Key, Place> places = context.spark()
                .parallelize(indices, indices.size())
                .flatMapToPair(index -> corpus.entries(index, serializable.get(index)).stream()
                        .map(entry -> new Tuple2<>(entry.key(), entry.place()))
                        .iterator());
        Map<Integer, List<Long>> found = new HashMap<>();
        for (Place place :
                places.groupByKey().flatMap(DuplicateSearch::allButFirst).collect()) {
            found.computeIfAbsent(place.split(), split -> new ArrayList<>()).add(place.offset());
        }
        Map<Integer, long[]> offsets = new HashMap<>();
        found.forEach((split, list) -> offsets.put(
                split, list.stream().mapToLong(Long::longValue).sorted().toArray()));
        return offsets;
    }

    private static java.util.Iterator<Place> allButFirst(Tuple2<Key, Iterable<Place>> group) {
        List<Place> all = new ArrayList<>();
        group._2().forEach(all::add);
        all.sort(Comparator.comparingInt(Place::split).thenComparingLong(Place::offset));
        return all.subList(1, all.size()).iterator();
    }
}
