package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * A wrong input is answered by one line that says what and what to do, an exit code that is not 0, and no stack trace.
 */
class WrongInputsTest {
    private static final String DEMO = "conf/demo.conf";
    private static final String MODEL = "conf/demo/model";
    private static final String VALID = "conf/demo/valid.jsonl";

    @TempDir
    private Path dir;

    @Test
    void missingFile() {
        refused(run("base.path=" + dir.resolve("none")), "no such model directory", "none");
        refused(run("corpus.train=[" + dir.resolve("none.jsonl") + "]"), "no such file", "corpus.train");
        refused(List.of("run", "--conf", dir.resolve("none.conf").toString()), "no such configuration file");
    }

    @Test
    void unknownKey() {
        refused(
                run("distill.learning-rat=1"),
                "unknown key distill.learning-rat",
                "did you mean distill.learning-rate");
    }

    @Test
    void rankAboveThePossible() {
        refused(run("upcycle.kv-lora-rank=500"), "upcycle.kv-lora-rank = 500", "128 at most");
    }

    @Test
    void oddRopeDimension() {
        refused(run("upcycle.qk-rope-head-dim=7"), "upcycle.qk-rope-head-dim", "odd");
    }

    @Test
    void tokenIdOutsideTheVocabulary() {
        String out = dir.resolve("logits.safetensors").toString();
        refused(
                List.of("logits", "--model", MODEL, "--ids", "1,99999", "--out", out),
                "token id 99999 at position 1",
                "vocabulary of 1024");
    }

    @Test
    void vocabulariesOfTokenizerAndModelUnequal() throws IOException {
        String grown = Files.readString(Path.of(MODEL, "tokenizer.json"))
                .replaceFirst("\"vocab\"\\s*:\\s*\\{", "\"vocab\": {\"xyzzy\": 4000, ");
        Path tokenizer = Files.writeString(dir.resolve("tokenizer.json"), grown);
        refused(run("tokenizer.path=" + tokenizer), "has 4001 ids", "only 1024", "tokenizer.path");
    }

    @Test
    void tokenizersOfTeacherAndRunUnequal() throws IOException {
        Path teacher = Files.createDirectory(dir.resolve("teacher"));
        for (String file : List.of("config.json", "model.safetensors", "tokenizer_config.json")) {
            Files.copy(Path.of(MODEL, file), teacher.resolve(file));
        }
        String json = Files.readString(Path.of(MODEL, "tokenizer.json"));
        String swapped = json.replaceFirst("(\"e\"\\s*:\\s*)(\\d+)", "\"\\\\u20ac\": $2");
        Files.writeString(teacher.resolve("tokenizer.json"), swapped);
        refused(run("teacher.path=" + teacher), "tokenizers of this run", "differ in 1 ids", "is \"e\" and \"\u20ac\"");
    }

    @Test
    void vocabulariesOfTeacherAndStudentUnequal() throws IOException {
        Path teacher = Files.createDirectory(dir.resolve("smaller"));
        Path model = Path.of("src/test/resources/golden/llama-gqa-tied");
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(model.resolve(file), teacher.resolve(file));
        }
        refused(run("teacher.path=" + teacher), "has 101 ids", "1024", "teacher's tokenizer.json", "teacher.path");
    }

    /** What ends the native library, and with it the JVM, is an error of the file. */
    @Test
    void tokenizerThatEndsItsLibrary() {
        String model = "src/test/resources/cases/hostile-02-tokenizer-aborts-jvm";
        List<String> generate =
                List.of("generate", "--model", model, "--prompt", "a".repeat(36) + "b", "--max-tokens", "2");
        refused(generate, "tokenizer.json cannot encode a text of 37 characters", "retry-limit-in-match over");
    }

    @Test
    void sequenceLongerThanTheModels() {
        refused(run("sequence.length=4096"), "sequence.length = 4096", "max_position_embeddings 256");
    }

    @Test
    void emptyCorpus() throws IOException {
        Path empty = Files.createFile(dir.resolve("empty.jsonl"));
        refused(eval(empty), "the corpus is empty", "empty.jsonl");
    }

    @Test
    void brokenJsonLine() throws IOException {
        Path broken = Files.writeString(dir.resolve("broken.jsonl"), "{\"text\": \"fine\"}\n{\"text\": oops}\n");
        refused(eval(broken), "broken.jsonl line 2 is broken JSON");
    }

    @Test
    void truncatedSafetensors() throws IOException {
        Path model = Files.createDirectory(dir.resolve("model"));
        Files.copy(Path.of(MODEL, "config.json"), model.resolve("config.json"));
        byte[] weights = Files.readAllBytes(Path.of(MODEL, "model.safetensors"));
        Files.write(model.resolve("model.safetensors"), Arrays.copyOf(weights, weights.length / 2));
        refused(run("base.path=" + model), "model.safetensors: tensor model.", "truncated");
    }

    @Test
    void outputDirectoryOfAnotherConfiguration() {
        Path out = dir.resolve("pretrained");
        assertEquals(0, execute(pretrain(out, 8)).code);
        refused(pretrain(out, 16), "pretrained", "pretrain.hidden-size");
    }

    /** Not even where it was named by mistake. */
    @Test
    void whatIsReadIsNotWrittenOver() throws IOException {
        Path model = Files.createDirectory(dir.resolve("read"));
        for (String file : List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
            Files.copy(Path.of(MODEL, file), model.resolve(file));
        }
        Path data = Files.copy(Path.of(VALID), dir.resolve("data.jsonl"));
        String path = model.toString();
        String config = model.resolve("config.json").toString();
        String json = dir.resolve("scores.json").toString();
        String[] said = {"is part of what is read", "name another place"};
        refused(List.of("logits", "--model", path, "--ids", "1", "--out", config), said);
        refused(List.of("eval", "--model", path, "--data", data.toString(), "--out", config), said);
        refused(List.of("eval", "--model", path, "--data", data.toString(), "--out", data.toString()), said);
        refused(
                List.of("eval", "--model", path, "--data", data + "", "--out", json, "--details", data.toString()),
                said);
        assertEquals(-1, Files.mismatch(Path.of(MODEL, "config.json"), model.resolve("config.json")));
        assertEquals(-1, Files.mismatch(Path.of(VALID), data));
    }

    @Test
    void pathsThatNoSystemKnows() {
        String out = dir.resolve("x").toString();
        refused(List.of("logits", "--model", "a\0b", "--ids", "1", "--out", out), "is no path", "of value 0");
        refused(
                List.of("logits", "--model", "abfs://box@a.example/m", "--ids", "1", "--out", out),
                "Hadoop has no file system for abfs://box@a.example/m");
    }

    @Test
    void noPreferences() throws IOException {
        Path pairs = Files.createFile(dir.resolve("pairs.jsonl"));
        String out = dir.resolve("preferences").toString();
        refused(
                List.of("preferences", "--model", MODEL, "--reference", MODEL, "--pairs", pairs + "", "--out", out),
                "pairs.jsonl holds no preference");
    }

    @Test
    void unknownCommand() {
        refused(List.of("frobnicate"), "frobnicate", "submit/xecomla --help");
    }

    private List<String> run(String setting) {
        return List.of("run", "--conf", DEMO, "-D", "run.dir=" + dir.resolve("run"), "-D", setting);
    }

    private List<String> eval(Path data) {
        String out = dir.resolve("eval.json").toString();
        return List.of("eval", "--model", MODEL, "--data", data.toString(), "--out", out);
    }

    private static List<String> pretrain(Path out, int hiddenSize) {
        Stream<String> settings = Stream.of(
                "tokenizer.path=" + MODEL,
                "corpus.train=[" + VALID + "]",
                "sequence.length=16",
                "pretrain.hidden-size=" + hiddenSize,
                "pretrain.intermediate-size=8",
                "pretrain.num-layers=1",
                "pretrain.num-heads=2",
                "pretrain.num-kv-heads=1",
                "pretrain.head-dim=4",
                "pretrain.batch-sequences=1",
                "pretrain.micro-batch-sequences=1",
                "pretrain.tokens=16",
                "pretrain.out=" + out);
        return Stream.concat(Stream.of("pretrain"), settings.flatMap(s -> Stream.of("-D", s)))
                .toList();
    }

    private static void refused(List<String> arguments, String... said) {
        Answer answer = execute(arguments);
        assertNotEquals(0, answer.code);
        assertEquals(1, answer.error.lines().count(), answer.error);
        for (String part : said) {
            assertTrue(answer.error.contains(part), answer.error);
        }
    }

    private record Answer(int code, String error) {}

    private static Answer execute(List<String> arguments) {
        StringWriter error = new StringWriter();
        CommandLine commandLine =
                Main.commandLine().setErr(new PrintWriter(error)).setOut(new PrintWriter(new StringWriter()));
        return new Answer(commandLine.execute(arguments.toArray(String[]::new)), error.toString());
    }
}
