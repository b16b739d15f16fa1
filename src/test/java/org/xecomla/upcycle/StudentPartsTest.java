package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.safetensors.Dtype;
import org.xecomla.serve.SequenceLogits;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;

/** A student made in parts, by workers that know nothing but what is sent to them, is the one that is made at once. */
class StudentPartsTest {
    private static final Path BASE = Goldens.path("llama-gqa-tied");

    @TempDir
    java.nio.file.Path temporary;

    private static UpcyclePlan plan(String settings) {
        Map<String, String> all = new HashMap<>(Map.of("upcycle.calibration-tokens", "256"));
        for (String setting : settings.split(" ")) {
            String[] parts = setting.split("=");
            all.put("upcycle." + parts[0], parts[1]);
        }
        return UpcyclePlan.of(
                RunConfig.ofOverrides(all).upcycle(), ModelDirectory.open(BASE).config());
    }

    private static List<TokenSequence> text() {
        Random random = new Random(4);
        return IntStream.range(0, 16)
                .mapToObj(w -> TokenSequence.of(random.ints(16, 0, 101).toArray()))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "method=phased",
                "method=phased rope-slots=own",
                "method=phased layers=[1]",
                "method=aligned kv-norm=true",
                "method=aligned rope-rows=strongest qk-rope-head-dim=4",
                "method=xecomla qk-rope-head-dim=4",
                "method=lowrank",
                "method=lowrank factors=weight rank-policy=lorc layers=[1]",
                "method=lowrank rank-policy=care kv-budget=0.4",
                "method=lowrank factors=gradient",
                "method=lowrank rank-policy=gradient gradient-tokens=224 layers=[1]",
                "method=aligned rank-policy=gradient kv-norm=true",
                "method=aligned factors=gradient kv-energy=0.9 layers=[1]",
                "method=aligned rank-policy=care"
            })
    void partsMakeTheWhole(String settings) throws IOException {
        UpcyclePlan plan = plan(settings);
        StudentParts parts = new StudentParts(BASE, DataFiles.path(temporary + "/parts"));
        List<String> asked = new ArrayList<>();
        StudentParts.Made made = parts.make(plan, StudentPartsTest::text, workers(asked));
        try (Kernels kernels = new CpuKernels(1);
                Student whole = StudentInitializer.make(
                        ModelDirectory.open(BASE), plan, StudentPartsTest::text, kernels, ElementType.FLOAT);
                Student student = parts.student(travelled(made), ElementType.FLOAT)) {
            assertEquals(whole.config(), student.config());
            assertEquals(whole.report().lines(), student.report().lines());
            for (String name : whole.weights().layout().places().keySet()) {
                assertArrayEquals(
                        whole.weights().get(name).toFloats(),
                        student.weights().get(name).toFloats(),
                        name);
            }
        }
        isSavedAsItIs(made, parts);
        int numLayers = plan.layers().size();
        List<String> expected = new ArrayList<>(List.of("layers " + numLayers));
        if (plan.search() != null) {
            expected.addAll(0, List.of("search for slots " + numLayers, "search for slots " + numLayers));
        }
        if (plan.ranks() != null) {
            expected.add(0, "spectra " + numLayers);
        }
        if (plan.gradientTokens() > 0) {
            expected.add(0, "gradients 2"); // 16 windows at most, 8 a part
        }
        if (plan.gradientsOfStudent()) {
            expected.add(0, "layers at full rank " + numLayers);
        }
        if (plan.needsCalibration()) {
            expected.add(0, "calibration 1");
        }
        assertEquals(expected, asked);
    }

    /** Whatever a method makes, layers with rotary planes of their own too, is read as it was written. */
    private void isSavedAsItIs(StudentParts.Made made, StudentParts parts) throws IOException {
        Path directory = DataFiles.path(temporary + "/student");
        try (Student student = parts.student(travelled(made), ElementType.FLOAT)) {
            ModelDirectory.save(
                    directory,
                    student.config(),
                    student.weights(),
                    new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, Optional.empty()));
            ModelDirectory saved = ModelDirectory.open(directory);
            assertEquals(student.config().attention(), saved.config().attention());
            int[] ids = {5, 3, 8, 1, 7};
            try (Kernels kernels = new CpuKernels(1);
                    LoadedModel again = LoadedModel.open(saved, kernels, ids.length);
                    CausalLm model = new CausalLm(student.config(), student.weights(), null, kernels, ids.length)) {
                assertArrayEquals(SequenceLogits.of(model, ids), SequenceLogits.of(again.model(), ids));
            }
        }
    }

    /** Workers elsewhere: what they do and what they answer travels as bytes. */
    private static StudentParts.Workers workers(List<String> asked) {
        return new StudentParts.Workers() {
            @Override
            public <T extends Serializable, R extends Serializable> List<R> map(
                    String what, List<T> items, StudentParts.Part<T, R> part) {
                asked.add(what + " " + items.size());
                List<R> results = new ArrayList<>();
                for (T item : items) {
                    try (Kernels kernels = new CpuKernels(1)) {
                        results.add(travelled(travelled(part).run(travelled(item), kernels)));
                    }
                }
                return results;
            }
        };
    }

    @SuppressWarnings("unchecked") // it comes out as it went in
    private static <T extends Serializable> T travelled(T value) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(value);
            }
            return (T) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
