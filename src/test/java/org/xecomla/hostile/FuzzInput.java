package org.xecomla.hostile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.xecomla.corpus.tokenizer.TokenizerPrecheck;
import org.xecomla.files.ShardSeal;
import org.xecomla.targets.SoundTargets;

/**
 * A reader that is given whatever a fuzzer draws.
 *
 * @param id the name of the folder of its cases
 * @param files what belongs to the file
 * @param writer writes a drawn file to where the reader looks for it
 * @param reader all that the files say
 * @param seeds sound files to begin from
 */
public record FuzzInput(String id, HostileInput.Maker files, Writer writer, HostileInput.Reader reader, Seeds seeds) {
    private static final Path RESOURCES = Path.of("src/test/resources");

    /** Drawn files that once were read wrong, a folder for each reader. */
    public static final Path CASES = RESOURCES.resolve("fuzz");

    /** Sealed by a library, or read by the same code as another kind. */
    private static final Set<String> LEFT_OUT = Set.of("gzip", "plain-text", "tokenizer-json", "shard");

    /** Writes a drawn file. */
    public interface Writer {
        void write(Path directory, byte[] drawn) throws IOException;
    }

    /** Makes sound files. */
    public interface Seeds {
        List<byte[]> make() throws IOException;
    }

    /** Every kind of file that somebody else may have written. */
    public static List<FuzzInput> all() {
        List<FuzzInput> all = new ArrayList<>();
        for (HostileInput input : HostileInput.all()) {
            if (!LEFT_OUT.contains(input.id())) {
                all.add(of(input, (directory, drawn) -> Files.write(directory.resolve(input.file()), drawn)));
            }
        }
        HostileInput shard = hostile("shard");
        all.add(of(shard, (directory, drawn) -> Files.write(directory.resolve(shard.file()), ShardSeal.sealed(drawn))));
        HostileInput tokenizer = hostile("tokenizer-json");
        FuzzInput whole = of(tokenizer, (directory, drawn) -> Files.write(directory.resolve(tokenizer.file()), drawn));
        all.add(new FuzzInput(
                whole.id,
                directory -> {},
                whole.writer,
                directory -> TokenizerPrecheck.read(directory, "The gull counts Zoë's 12 ropes."),
                whole.seeds));
        all.add(new FuzzInput(
                "targets",
                directory -> {},
                (directory, drawn) -> Files.write(SoundTargets.file(directory), ShardSeal.sealed(drawn)),
                SoundTargets::read,
                () -> inTemporary(SoundTargets::make)));
        return all;
    }

    /** The one of that name. */
    public static FuzzInput named(String id) {
        return all().stream().filter(input -> input.id.equals(id)).findFirst().orElseThrow();
    }

    private static HostileInput hostile(String id) {
        return HostileInput.all().stream()
                .filter(input -> input.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static FuzzInput of(HostileInput input, Writer writer) {
        return new FuzzInput(input.id(), input.files(), writer, input.reader(), () -> seeds(input));
    }

    /** The sound file, and others of its kind that lie about. */
    private static List<byte[]> seeds(HostileInput input) throws IOException {
        List<byte[]> seeds = new ArrayList<>(inTemporary(directory -> {
            input.files().make(directory);
            return List.of(Files.readAllBytes(directory.resolve(input.file())));
        }));
        switch (input.id()) {
            case "config-json" -> addAll(RESOURCES.resolve("golden"), "config.json", seeds);
            case "chat-template" -> addAll(RESOURCES.resolve("chat"), ".jinja", seeds);
            case "hocon" -> addAll(Path.of("conf"), ".conf", seeds);
            case "json-lines" -> addAll(Path.of("conf/instructions"), "valid.jsonl", seeds);
            default -> {}
        }
        return seeds;
    }

    /** Makes files in an empty directory. */
    private interface SeedMaker {
        List<byte[]> make(Path directory) throws IOException;
    }

    private static List<byte[]> inTemporary(SeedMaker maker) throws IOException {
        Path directory = Files.createTempDirectory("seed");
        try {
            return maker.make(directory);
        } finally {
            delete(directory);
        }
    }

    private static void addAll(Path directory, String end, List<byte[]> seeds) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file :
                    files.filter(one -> one.toString().endsWith(end)).sorted().toList()) {
                byte[] all = Files.readAllBytes(file);
                seeds.add(all.length <= 4000 ? all : firstLines(all));
            }
        }
    }

    private static byte[] firstLines(byte[] all) {
        String some = new String(all, 0, 4000, StandardCharsets.UTF_8);
        return some.substring(0, some.lastIndexOf('\n') + 1).getBytes(StandardCharsets.UTF_8);
    }

    /** Removes a directory of files. */
    static void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return id;
    }
}
