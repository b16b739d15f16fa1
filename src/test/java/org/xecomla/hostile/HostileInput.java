package org.xecomla.hostile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.chat.ChatTemplate;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.Message;
import org.xecomla.corpus.text.PreferenceFiles;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.eval.tasks.ChoiceTask;
import org.xecomla.eval.tasks.TaskSet;
import org.xecomla.eval.tasks.TaskSource;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.files.RunStatus;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardHeader;
import org.xecomla.files.ShardPlan;
import org.xecomla.files.ShardWriter;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;

/**
 * Every kind of file that a person can name, with what reads it.
 *
 * @param file the one that is damaged, in a directory with what belongs to it
 * @param isSealed whether checksums tell every change of it; else what is well-formed is another file
 * @param reader all that it says, as text
 */
public record HostileInput(String name, String file, boolean isSealed, Maker files, Reader reader) {
    private static final Path RESOURCES = Path.of("src/test/resources");
    private static final String TEXT = "The gull counts Zoë's 12 ropes — twice.";

    private static final ObjectMapper STRICT = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    /** Makes the sound files in an empty directory. */
    public interface Maker {
        void make(Path directory) throws IOException;
    }

    /** What reads a directory of such files. */
    public interface Reader {
        String read(Path directory) throws IOException;
    }

    private static Maker copies(Path from, String... names) {
        return directory -> {
            for (String name : names) {
                Files.copy(from.resolve(name), directory.resolve(name));
            }
        };
    }

    private static Maker text(String name, String content) {
        return directory -> Files.writeString(directory.resolve(name), content);
    }

    private static org.apache.hadoop.fs.Path path(Path path) {
        return DataFiles.path(path.toString());
    }

    /** The name as that of a folder. */
    public String id() {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z]+", "-");
    }

    public static List<HostileInput> all() {
        Path tied = RESOURCES.resolve("golden/llama-mha");
        Path sharded = RESOURCES.resolve("golden/llama-bf16-sharded");
        Path byteLevel = RESOURCES.resolve("tokenizers/byte-level");
        Maker model = copies(tied, "config.json", "model.safetensors");
        String index = "model.safetensors.index.json";
        return List.of(
                new HostileInput("safetensors", "model.safetensors", false, model, HostileInput::model),
                new HostileInput("config.json", "config.json", false, model, HostileInput::model),
                new HostileInput(
                        "safetensors index",
                        index,
                        false,
                        copies(
                                sharded,
                                "config.json",
                                index,
                                "model-00001-of-00002.safetensors",
                                "model-00002-of-00002.safetensors"),
                        HostileInput::model),
                new HostileInput(
                        "tokenizer.json",
                        "tokenizer.json",
                        false,
                        copies(byteLevel, "tokenizer.json"),
                        HostileInput::tokenizer),
                new HostileInput(
                        "tokenizer_config.json",
                        "tokenizer_config.json",
                        false,
                        directory -> {
                            copies(byteLevel, "tokenizer.json").make(directory);
                            Files.writeString(
                                    directory.resolve("tokenizer_config.json"),
                                    "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}, "
                                            + "\"chat_template\":"
                                            + " \"{% for m in messages %}{{ m.role }}{{ m.content }}{{ eos_token }}{%"
                                            + " endfor %}\"}");
                        },
                        HostileInput::chat),
                new HostileInput(
                        "chat template",
                        "chat_template.jinja",
                        false,
                        directory -> {
                            copies(RESOURCES.resolve("chat"), "calls.jinja").make(directory);
                            Files.move(directory.resolve("calls.jinja"), directory.resolve("chat_template.jinja"));
                            Files.writeString(
                                    directory.resolve("tokenizer_config.json"),
                                    "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}");
                        },
                        HostileInput::chat),
                new HostileInput("JSON lines", "a.jsonl", false, text("a.jsonl", rows("\n")), HostileInput::corpus),
                new HostileInput(
                        "JSON array", "a.json", false, text("a.json", "[" + rows(",") + "]"), HostileInput::corpus),
                new HostileInput("plain text", "a.txt", false, text("a.txt", TEXT + "\n" + TEXT), HostileInput::corpus),
                new HostileInput("gzip", "a.jsonl.gz", true, HostileInput::gzip, HostileInput::corpus),
                new HostileInput(
                        "Parquet",
                        "mmlu.parquet",
                        false,
                        copies(RESOURCES.resolve("tasks"), "mmlu.parquet"),
                        directory -> task(directory.resolve("mmlu.parquet"), "mmlu")),
                new HostileInput(
                        "task file",
                        "arc_easy.jsonl",
                        false,
                        copies(RESOURCES.resolve("tasks"), "arc_easy.jsonl"),
                        directory -> task(directory.resolve("arc_easy.jsonl"), "arc_easy")),
                new HostileInput(
                        "preferences", "p.jsonl", false, text("p.jsonl", preferences()), HostileInput::preferences),
                new HostileInput("shard", "things-00000.shard", true, HostileInput::shard, HostileInput::shards),
                new HostileInput("manifest", "manifest.json", false, HostileInput::manifest, directory -> Manifest.read(
                                path(directory.resolve("manifest.json")))
                        .toString()),
                new HostileInput("status", RunStatus.FILE, false, HostileInput::status, directory -> RunStatus.read(
                                path(directory))
                        .toString()),
                new HostileInput("HOCON", "a.conf", false, text("a.conf", settings()), directory -> RunConfig.load(
                                directory.resolve("a.conf").toString(), Map.of())
                        .toJson()));
    }

    private static String rows(String between) {
        return Stream.of(
                        "{\"text\": \"" + TEXT + "\", \"n\": 3}",
                        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\","
                                + " \"content\": \"Hé!\"}], \"tools\": [{\"name\": \"f\"}]}",
                        "{\"instruction\": \"Count.\", \"input\": \"\", \"output\": \"1\"}",
                        "{\"prompt\": \"Is it?\", \"completion\": \" It is.\"}")
                .reduce((a, b) -> a + between + b)
                .orElseThrow();
    }

    private static String preferences() {
        return "{\"prompt\": \"Is 7 prime?\", \"chosen\": \" Yes.\", \"rejected\": \" No.\"}\n"
                + "{\"chosen\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\","
                + " \"content\": \"b\"}],"
                + " \"rejected\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\":"
                + " \"c\"}]}\n";
    }

    private static String settings() {
        return "run { dir = \"runs/a\", seed = 7 }\nbase.path = \"/models/base\"\nupcycle { kv-lora-rank = 8 }\n"
                + "corpus { train = [\"a.jsonl\"], weights = [0.5] }\ndistill.learning-rate = 1e-4\n"
                + "sequence.length = 6${run.seed}\n";
    }

    private static String model(Path directory) {
        ModelDirectory opened = ModelDirectory.open(path(directory));
        StringBuilder said = new StringBuilder(opened.config().toString());
        try (Kernels kernels = new CpuKernels(1);
                LoadedModel loaded = LoadedModel.open(opened, kernels, 4);
                Stream<Path> files = Files.list(directory)) {
            said.append(loaded.model().config());
            files.filter(file -> file.toString().endsWith(".safetensors"))
                    .sorted()
                    .map(file -> SafetensorsFile.open(path(file)))
                    .forEach(file -> said.append(file.entries()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return said.toString();
    }

    private static String tokenizer(Path directory) {
        try (Tokenizer tokenizer = Tokenizer.open(path(directory))) {
            int[] ids = tokenizer.encode(TEXT);
            return Arrays.toString(ids) + tokenizer.decode(ids) + tokenizer.vocabSize() + tokenizer.bosTokenId();
        }
    }

    private static String chat(Path directory) {
        ChatTemplate template = ChatTemplate.open(path(directory), path(directory));
        return template.render(List.of(new Message("user", "Hi"), new Message("assistant", TEXT)), false);
    }

    private static String corpus(Path directory) {
        List<String> said = new ArrayList<>();
        TextDocuments.of(List.of(path(directory)))
                .read(document -> said.add(document.text() + document.conversation() + document.promptLength()));
        return said.toString();
    }

    private static String task(Path file, String name) {
        TaskSet set = TaskSet.read(
                List.of(new TaskSource(ChoiceTask.of(name), path(file), Optional.empty())), 1, OptionalInt.empty());
        return set.prompts().toString();
    }

    private static String preferences(Path directory) {
        List<String> said = new ArrayList<>();
        for (DocumentSplit split : PreferenceFiles.splits(List.of(path(directory.resolve("p.jsonl"))), 1 << 20)) {
            PreferenceFiles.read(split, 0, Long.MAX_VALUE)
                    .forEach(one -> said.add(one.toString().replace(directory.toString(), "")));
        }
        return said.toString();
    }

    private static void gzip(Path directory) throws IOException {
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(directory.resolve("a.jsonl.gz")))) {
            out.write(rows("\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    private static void shard(Path directory) {
        ShardHeader header =
                ShardHeader.of("things", new ShardPlan(9, 9), 0, 4, Map.of("size", "3"), Map.of("a", "digest"));
        ShardWriter.write(ShardDirectory.file(path(directory), "things", 0), header, shard -> {
            for (int i = 0; i < 9; i++) {
                shard.add((TEXT + i).getBytes(StandardCharsets.UTF_8));
            }
        });
    }

    private static String shards(Path directory) {
        StringBuilder said = new StringBuilder();
        try (ShardDirectory shards = ShardDirectory.open(path(directory), "things")) {
            for (int i = 0; i < shards.plan().numSequences(); i++) {
                said.append(new String(shards.read(i), StandardCharsets.UTF_8));
            }
            return said.append(shards.settings()).toString();
        }
    }

    private static void manifest(Path directory) {
        Manifest.asked("shards", 1, Map.of("a", "1"), 42, "abc", Map.of("corpus", "d"))
                .finished(Map.of("tokens", 17L), Map.of("x.shard", new Manifest.FileEntry(12, "00ff")))
                .write(path(directory.resolve("manifest.json")));
    }

    private static void status(Path directory) {
        RunStatus.running("shard", "app", Instant.EPOCH).write(path(directory), Duration.ofSeconds(10));
    }

    /** Whether what differs in {@code damaged} is what another sound file would say, as far as anybody can tell. */
    public boolean isOtherFile(byte[] sound, byte[] damaged) {
        if (file.endsWith(".gz")) {
            return Arrays.equals(sound, Arrays.copyOf(damaged, sound.length)); // more members follow
        }
        if (isSealed) {
            return false;
        }
        try {
            String text = new String(damaged, StandardCharsets.UTF_8).replaceFirst("^\uFEFF", "");
            for (String one : file.endsWith(".jsonl") ? text.split("\n") : new String[] {text}) {
                if (file.contains(".json") && !one.isBlank()) {
                    STRICT.readTree(one);
                }
            }
            return true;
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
