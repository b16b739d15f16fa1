package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.stream.StreamSupport;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** A real pre-trained model against the logits that transformers computed for it in double. */
@Tag("shared")
class Stories260kTest {
    static Iterable<KernelChoice> kernels() {
        return KernelChoice.all();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void logitsAreThoseOfTransformers(KernelChoice choice) throws Exception {
        Path dir = DataFiles.path(System.getProperty("shared.dir") + "/models/stories260K");
        JsonNode reference = new ObjectMapper().readTree(DataFiles.readString(new Path(dir, "reference_logits.json")));
        int[] ids = StreamSupport.stream(reference.get("ids").spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
        double[] expected = StreamSupport.stream(reference.get("logits_last").spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
        ModelDirectory directory = ModelDirectory.open(dir);
        ParameterLayout layout = CausalLm.layout(directory.config(), name -> false);
        try (Kernels kernels = choice.make();
                ParameterStore weights = Tensors.zeros(layout, kernels.type());
                CausalLm model = new CausalLm(directory.config(), weights, null, kernels, ids.length)) {
            directory.load(weights);
            long size = model.arenaBytes((m, a) -> m.hiddenStates(ids, 1, a, null));
            try (Arena arena = Arena.of(kernels, size)) {
                Tensor hidden = model.hiddenStates(ids, 1, arena, null); // (T, D)
                Tensor logits = Tensors.zeros(kernels.type(), 1, expected.length); // (1, V)
                model.logits(hidden.rows(ids.length - 1, ids.length), logits);
                double error = Goldens.relativeError(logits.toDoubles(), expected);
                assertTrue(error < 1e-4, "last logits differ by " + error);
            }
        }
    }
}
