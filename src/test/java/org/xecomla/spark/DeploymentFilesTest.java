package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is shipped for clusters and schedulers, as far as it can be checked without them. */
class DeploymentFilesTest {
    private static final Path MANIFEST = Path.of("submit/kubernetes/sparkapplication.yaml");
    private static final Path DOCKERFILE = Path.of("submit/docker/Dockerfile");

    private static JsonNode schema() throws Exception {
        return new ObjectMapper()
                .readTree(Path.of("src/test/resources/kubernetes/sparkapplication.schema.json")
                        .toFile());
    }

    /** Unknown and missing keys, wrong types and values, each with its place. */
    private static void validate(JsonNode value, JsonNode schema, String at, List<String> errors) {
        boolean type =
                switch (schema.get("type").asText()) {
                    case "object" -> value.isObject();
                    case "array" -> value.isArray();
                    case "integer" -> value.isIntegralNumber();
                    case "boolean" -> value.isBoolean();
                    default -> value.isTextual();
                };
        if (!type) {
            errors.add(at + " is no " + schema.get("type").asText());
            return;
        }
        schema.path("required").forEach(key -> {
            if (!value.has(key.asText())) {
                errors.add(at + "." + key.asText() + " is missing");
            }
        });
        List<String> allowed = new ArrayList<>();
        schema.path("enum").forEach(one -> allowed.add(one.asText()));
        if (!allowed.isEmpty() && !allowed.contains(value.asText())) {
            errors.add(at + " = " + value.asText() + " is none of " + allowed);
        }
        value.fields().forEachRemaining(entry -> {
            JsonNode of = schema.path("properties").path(entry.getKey());
            of = of.isMissingNode() ? schema.path("values") : of;
            if (of.isMissingNode()) {
                errors.add(at + "." + entry.getKey() + " is not known");
            } else {
                validate(entry.getValue(), of, at + "." + entry.getKey(), errors);
            }
        });
        if (value.isArray()) {
            value.forEach(item -> validate(item, schema.get("items"), at + "[]", errors));
        }
    }

    private static List<String> errors(JsonNode manifest) throws Exception {
        List<String> errors = new ArrayList<>();
        validate(manifest, schema(), "", errors);
        return errors;
    }

    @Test
    void theOperatorsManifestIsValid() throws Exception {
        JsonNode manifest = new YAMLMapper().readTree(MANIFEST.toFile());
        assertEquals(List.of(), errors(manifest));
        JsonNode spec = manifest.get("spec");
        assertEquals(1, spec.at("/executor/gpu/quantity").asInt());
        assertEquals(
                org.apache.spark.package$.MODULE$.SPARK_VERSION(),
                spec.get("sparkVersion").asText());
        assertEquals("spark", spec.at("/driver/serviceAccount").asText());
        Class.forName(spec.get("mainClass").asText());
    }

    @Test
    void aWrongManifestIsNot() throws Exception {
        ObjectNode manifest = (ObjectNode) new YAMLMapper().readTree(MANIFEST.toFile());
        ObjectNode spec = (ObjectNode) manifest.get("spec");
        spec.put("type", "Kotlin");
        spec.remove("driver");
        ((ObjectNode) spec.get("executor")).put("instances", "eight").put("gpus", 1);
        assertEquals(
                List.of(
                        ".spec.driver is missing",
                        ".spec.type = Kotlin is none of [Java, Python, Scala, R]",
                        ".spec.executor.instances is no integer",
                        ".spec.executor.gpus is not known"),
                errors(manifest));
    }

    /** What hadolint would say of such a file, in so far as it matters here. */
    private static List<String> lint(String dockerfile) {
        List<String> findings = new ArrayList<>();
        String joined = dockerfile.replaceAll("(?m)^#.*\n", "").replaceAll("\\\\\n", " ");
        boolean from = false;
        String user = "root";
        for (String line : joined.lines().filter(l -> !l.isBlank()).toList()) {
            String instruction = line.split("\\s+")[0];
            String rest = line.substring(instruction.length()).strip();
            switch (instruction) {
                case "ARG" -> {
                    if (rest.startsWith("BASE=") && !rest.matches("BASE=[^:]+:(?!latest).+")) {
                        findings.add("DL3006 the base image has no version: " + rest);
                    }
                }
                case "FROM" -> from = true;
                case "ADD" -> findings.add("DL3020 COPY instead of ADD: " + rest);
                case "RUN" -> lintRun(rest, findings);
                case "COPY" -> {
                    if (!rest.matches("(submit|\\$\\{FROM_DIR})/\\S+ /opt/\\S+")) {
                        findings.add("COPY of something unexpected: " + rest);
                    }
                }
                case "WORKDIR" -> {
                    if (!rest.startsWith("/")) {
                        findings.add("DL3000 WORKDIR is not absolute: " + rest);
                    }
                }
                case "USER" -> user = rest;
                case "CMD", "ENTRYPOINT" -> {
                    if (!rest.startsWith("[\"")) {
                        findings.add("DL3025 " + instruction + " is not a JSON array");
                    }
                }
                case "ENV", "LABEL" -> {}
                default -> findings.add("DL1000 no such instruction: " + instruction);
            }
            if (!from && !instruction.equals("ARG") && !instruction.equals("FROM")) {
                findings.add("DL3061 " + instruction + " before FROM");
            }
        }
        if (user.equals("root") || user.equals("0")) {
            findings.add("DL3002 the last USER is root");
        }
        return findings;
    }

    private static void lintRun(String command, List<String> findings) {
        if (command.contains("sudo ")) {
            findings.add("DL3004 sudo");
        }
        if (command.contains("apt-get install")) {
            if (!command.contains("--no-install-recommends") || !command.contains(" -y ")) {
                findings.add("DL3015 apt-get install without -y --no-install-recommends");
            }
            if (!command.contains("rm -rf /var/lib/apt/lists/*")) {
                findings.add("DL3009 the lists of apt-get stay in the image");
            }
            if (!command.contains("apt-get update &&")
                    && !Pattern.compile("apt-get update\\s+&&").matcher(command).find()) {
                findings.add("DL3027 apt-get install without update in the same layer");
            }
        }
    }

    @Test
    void theDockerfileHasNoFindings() throws Exception {
        String text = Files.readString(DOCKERFILE);
        assertEquals(List.of(), lint(text));
        for (String file : List.of("submit/gpu-discovery.sh", "submit/docker/entrypoint.sh")) {
            assertTrue(text.contains("COPY " + file + " "), file);
            assertTrue(Files.isExecutable(Path.of(file)), file);
        }
        assertTrue(text.contains("COPY ${FROM_DIR}/xecomla-spark.jar "), text);
    }

    @Test
    void aBadDockerfileHas() {
        String bad = "ARG BASE=debian\nFROM ${BASE}\nADD x /opt/x\nRUN apt-get install git\nWORKDIR opt\nCMD run\n";
        assertEquals(8, lint(bad).size(), () -> lint(bad).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "submit/xecomla",
                "submit/gpu-discovery.sh",
                "submit/docker/entrypoint.sh",
                "submit/spark-runtime/bin/spark-class",
                "submit/spark-runtime/bin/spark-submit"
            })
    void scriptsParse(String script) throws Exception {
        Process bash = new ProcessBuilder("bash", "-n", script).inheritIO().start();
        assertTrue(bash.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, bash.exitValue());
    }

    @Test
    void devicesAreCountedAsCudaCountsThem() throws Exception {
        ProcessBuilder builder = new ProcessBuilder("submit/gpu-discovery.sh");
        builder.environment().put("CUDA_VISIBLE_DEVICES", "3,5");
        Process script = builder.start();
        JsonNode gpus = new ObjectMapper().readTree(script.getInputStream().readAllBytes());
        assertEquals(0, script.waitFor());
        assertEquals("{\"name\":\"gpu\",\"addresses\":[\"0\",\"1\"]}", gpus.toString());
        builder.environment().put("CUDA_VISIBLE_DEVICES", "");
        Process none = builder.start();
        String said = new String(none.getErrorStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertEquals(1, none.waitFor());
        assertTrue(said.contains("shown no GPU"), said);
    }

    /** Airflow's hook reads the application's id, the driver pod's name and its exit code from these loggers. */
    @Test
    void whatAirflowReadsIsLogged() throws Exception {
        Properties log = new Properties();
        log.load(new StringReader(Files.readString(Path.of("src/main/resources/log4j2.properties"))));
        assertEquals("org.apache.spark.deploy", log.getProperty("logger.deploy.name"));
        assertEquals("info", log.getProperty("logger.deploy.level"));
        for (String quiet : List.of("org.apache.spark.deploy.yarn", "org.apache.spark.deploy.k8s")) {
            assertFalse(log.containsValue(quiet), quiet);
        }
    }

    /** Against Airflow's own operators where they are installed, else against the arguments that we give. */
    @Test
    @Tag("cluster")
    void airflowsTasksAreTheStages() throws Exception {
        Process python = new ProcessBuilder("python3", "-B", "src/test/airflow/check_dags.py")
                .redirectErrorStream(true)
                .start();
        String said = new String(python.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertEquals(0, python.waitFor(), said);
        assertTrue(said.startsWith("checked against "), said);
    }
}
