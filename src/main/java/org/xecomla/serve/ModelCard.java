package org.xecomla.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ExportConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.JsonFaults;

/** The README.md of an export: what it is, who loads it, what was measured. */
final class ModelCard {
    static final String FILE = "README.md";

    /** Files of the stage eval. */
    private static final String RESULT = "result.json";

    private static final String TASKS = "student-tasks.json";

    private ModelCard() {}

    static String of(ExportConfig.Format format, List<String> notes, Optional<Path> measurements) {
        StringBuilder card = new StringBuilder("---\nlibrary_name: "
                        + (format == ExportConfig.Format.GGUF ? "llama.cpp" : "transformers")
                        + "\npipeline_tag: text-generation\n")
                .append(format == ExportConfig.Format.LLAMA ? "" : "tags:\n- multi-head-latent-attention\n- x-ecomla\n")
                .append("---\n\n# ")
                .append(title(format))
                .append("\n\n");
        notes.forEach(note -> card.append("- ").append(note).append('\n'));
        measurements.map(directory -> new Path(directory, RESULT)).ifPresent(file -> results(card, file));
        measurements
                .map(directory -> new Path(directory, TASKS))
                .filter(DataFiles::exists)
                .ifPresent(file -> tasks(card, file));
        return card.toString();
    }

    private static String title(ExportConfig.Format format) {
        return switch (format) {
            case LLAMA -> "A Llama, written by xecomla-spark";
            case DEEPSEEK_V3 ->
                "A student with Multi-head Latent Attention\n\nUpcycled from a Llama and distilled by "
                        + "xecomla-spark; stored"
                        + " as a dense DeepSeek V3.";
            case GGUF -> "A model for llama.cpp, Ollama and LM Studio, written by xecomla-spark";
            case NATIVE, XECOMLA ->
                "A student with Multi-head Latent Attention\n\nUpcycled from a Llama and distilled by xecomla-spark.";
        };
    }

    private static void results(StringBuilder card, Path file) {
        card.append("\n## Measured on held-out text\n\n")
                .append("| model | perplexity | KL to the teacher | KV elements a token | KV bytes a token |\n")
                .append("|---|---|---|---|---|\n");
        JsonNode json = read(file);
        for (JsonNode model : json.path("models")) {
            card.append(String.format(
                    Locale.ROOT,
                    "| %s | %.3f | %s | %,d | %,d |\n",
                    model.path("model").asText(),
                    model.path("perplexity").asDouble(),
                    model.path("kl_to_teacher").isNumber()
                            ? String.format(
                                    Locale.ROOT,
                                    "%.4f",
                                    model.path("kl_to_teacher").asDouble())
                            : "",
                    model.path("kv_elements_per_token").asLong(),
                    model.path("kv_bytes_per_token").asLong()));
        }
        card.append("\nKL in nats a position; bytes in ")
                .append(json.path("kv_dtype").asText())
                .append(".\n");
    }

    private static void tasks(StringBuilder card, Path file) {
        card.append("\n## Tasks, in lm-evaluation-harness's forms\n\n")
                .append("| task | n-shot | questions | acc | acc_norm |\n|---|---|---|---|---|\n");
        JsonNode json = read(file);
        for (JsonNode scores : json.path("results")) {
            String name = scores.path("name").asText();
            card.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | %d | %s | %s |\n",
                    name,
                    json.path("n-shot").path(name).asInt(),
                    scores.path("sample_len").asInt(),
                    score(scores, "acc"),
                    score(scores, "acc_norm")));
        }
    }

    private static String score(JsonNode scores, String metric) {
        JsonNode mean = scores.path(metric + ",none");
        JsonNode error = scores.path(metric + "_stderr,none");
        return (mean.isNumber() ? String.format(Locale.ROOT, "%.4f", mean.asDouble()) : "")
                + (error.isNumber() ? String.format(Locale.ROOT, " ± %.4f", error.asDouble()) : "");
    }

    private static JsonNode read(Path file) {
        try {
            return new JsonMapper().readTree(DataFiles.readText(file));
        } catch (JsonProcessingException e) {
            throw new UserException(DataFiles.display(file) + " " + JsonFaults.describe(e), e);
        }
    }
}
