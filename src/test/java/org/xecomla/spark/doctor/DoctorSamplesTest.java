package org.xecomla.spark.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.spark.TinyRun;

/** What only the contents of a run's files tell before a stage stops at them. */
class DoctorSamplesTest {
    private static final String TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";

    @TempDir
    private Path dir;

    private Map<String, String> settings;

    @BeforeEach
    void makeARun() throws Exception {
        settings = new HashMap<>(TinyRun.in(dir).settings("run", 2));
        settings.put(
                "corpus.chat-template",
                Files.writeString(dir.resolve("t.jinja"), TEMPLATE).toString());
    }

    private List<Finding> of(String subject) {
        return new Doctor(RunConfig.ofOverrides(settings))
                .here().stream()
                        .filter(finding -> finding.subject().equals(subject))
                        .toList();
    }

    private static String list(Path... files) {
        return "[\""
                + String.join(
                        "\", \"", List.of(files).stream().map(Path::toString).toList()) + "\"]";
    }

    /** What the last stages need is looked at before the first begins. */
    @Test
    void preferencesAndTasksAreReadToo() throws Exception {
        Path pairs = Files.writeString(
                dir.resolve("pairs.jsonl"), "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}\n");
        settings.put("dpo.train", list(pairs));
        settings.put("dpo.valid", list(dir.resolve("none.jsonl"), Files.createFile(dir.resolve("empty.jsonl"))));
        settings.put("eval.tasks.arc_easy", dir.resolve("no-task.jsonl").toString());
        List<Finding> rows = of("rows");
        assertEquals(
                3, failures(rows, "none.jsonl", "empty.jsonl holds no preference", "no-task.jsonl"), rows::toString);
        assertTrue(
                rows.stream().anyMatch(row -> row.text().endsWith("its first 1 preferences are read")), rows::toString);
    }

    /** How many of {@code parts} a failure names. */
    private static long failures(List<Finding> rows, String... parts) {
        return List.of(parts).stream()
                .filter(part -> rows.stream()
                        .anyMatch(row -> row.verdict() == Finding.Verdict.FAIL
                                && row.text().contains(part)))
                .count();
    }

    @Test
    void rolesThatTeachNothingAreNamed() throws Exception {
        Path silent = Files.writeString(
                dir.resolve("silent.jsonl"),
                "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi.\"}, {\"role\": \"tutor\", \"content\":"
                        + " \"Hello.\"}]}\n");
        settings.put("corpus.valid", list(silent));
        List<Finding> rows = of("rows");
        assertEquals(
                List.of(Finding.Verdict.OK, Finding.Verdict.FAIL),
                rows.stream().map(Finding::verdict).toList(),
                rows::toString);
        String text = rows.get(1).text();
        assertTrue(text.startsWith("corpus.valid " + silent + ": of its first 1 documents 1 are"), text);
        assertTrue(text.contains("\"tutor\" 1 times, \"user\" 1 times: call whose words are learned"), text);
        settings.put("corpus.valid", list(silent, dir.resolve("valid.jsonl")));
        assertEquals(
                List.of(Finding.Verdict.OK, Finding.Verdict.WARN, Finding.Verdict.OK),
                of("rows").stream().map(Finding::verdict).toList(),
                "others teach");
    }

    @Test
    void rowsThatCannotBeReadAreNamed() throws Exception {
        Path broken = Files.writeString(dir.resolve("broken.jsonl"), "{\"text\": \"a\"}\n{\"text\": 3}\n");
        settings.put("corpus.valid", list(broken));
        Finding found = of("rows").get(1);
        assertEquals(Finding.Verdict.FAIL, found.verdict());
        assertTrue(found.text().startsWith(broken + " line 2 has no text"), found.text());
    }

    @Test
    void compressedRowsAreRead() throws IOException {
        Path packed = dir.resolve("packed.jsonl.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write("{\"text\": \"The gull counts ropes.\"}\n".getBytes(StandardCharsets.UTF_8));
        }
        settings.put("corpus.valid", list(packed));
        assertEquals(Finding.Verdict.OK, of("rows").get(1).verdict());
        Files.write(packed, new byte[] {0x1F, (byte) 0x8B, 8, 0, 1, 2, 3}); // cut off
        Finding found = of("corpus").get(1);
        assertEquals(Finding.Verdict.FAIL, found.verdict());
        assertTrue(found.text().contains(packed.toString()), found.text());
        assertEquals(1, of("rows").size(), "told once");
        byte[] lz4 = {0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, (byte) 0xA7, 0x05, 0, 0, (byte) 0x80, 'a', 'b', 'c', 'd', '\n'
        };
        Path other = Files.write(dir.resolve("packed.jsonl.lz4"), lz4);
        settings.put("corpus.valid", list(other));
        List<String> told = new Doctor(RunConfig.ofOverrides(settings))
                .here().stream()
                        .filter(finding -> finding.verdict() == Finding.Verdict.FAIL)
                        .map(Finding::text)
                        .toList();
        assertEquals(1, told.size(), told::toString);
        assertTrue(told.get(0).contains(other.toString()), told::toString);
    }

    @Test
    void aTemplateWithoutItsTokensIsWarnedOf() throws Exception {
        String other = "{% for m in messages %}<|im_start|>{{ m.role }}: {{ m.content }}<|im_end|>{% endfor %}";
        Files.writeString(dir.resolve("t.jinja"), other);
        Finding found = of("tokenizer").get(0);
        assertEquals(Finding.Verdict.WARN, found.verdict(), found::line);
        assertTrue(found.text().contains("writes <|im_end|>, <|im_start|>, which"), found.text());
    }

    /** The last weight of the file: no number. */
    @Test
    void weightsThatAreNoNumbersAreFound() throws Exception {
        Path file = dir.resolve("base/model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] = 0x7F;
        bytes[bytes.length - 2] = (byte) 0xC0;
        Files.write(file, bytes);
        Finding found = of("base.path").get(0);
        assertEquals(Finding.Verdict.FAIL, found.verdict(), found::line);
        assertTrue(found.text().startsWith(file + ": tensor "), found.text());
        assertTrue(found.text().contains("holds NaN"), found.text());
    }

    @Test
    void roomIsComparedWithWhatIsWritten() {
        Finding found = of("run.dir space").get(0);
        assertEquals(Finding.Verdict.OK, found.verdict());
        assertTrue(found.text().contains("are written"), found.text());
        org.apache.hadoop.fs.Path place =
                DataFiles.path(dir.resolve("not/there").toString());
        Finding none = SpaceChecks.compared("space", place, Long.MAX_VALUE, "free some", true);
        assertEquals(Finding.Verdict.FAIL, none.verdict());
        assertTrue(none.text().endsWith("are written: free some"), none.text());
        assertEquals(
                Finding.Verdict.WARN,
                SpaceChecks.compared("space", place, Long.MAX_VALUE, "free some", false)
                        .verdict());
        assertTrue(of("scratch").size() >= 1);
    }

    @Test
    void aLowLimitOfOpenFilesFails() {
        RunConfig config = RunConfig.ofOverrides(settings);
        Finding found = MachineChecks.openFiles(320, config);
        assertEquals(Finding.Verdict.FAIL, found.verdict());
        assertTrue(found.text().contains("ulimit -n"), found.text());
        assertEquals(Finding.Verdict.OK, MachineChecks.openFiles(4096, config).verdict());
    }
}
