package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.AttentionConfig;
import org.xecomla.config.ModelConfig;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Matrix;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;

/**
 * Makes a student's weights from a base's: latent layers as they were made one by one, everything else copied, tensor by
 * tensor, so that no second copy of the base is held.
 */
public final class StudentInitializer {
    private StudentInitializer() {}

    /** Makes one layer of the student; a pure function of the base's weights, the plan and the activations. */
    public static UpcycledLayer layer(BaseWeights base, LayerPlan plan, LayerActivations activations) {
        return Upcycler.of(plan.method()).upcycle(plan, base.attention(plan.layer()), activations);
    }

    /** The student's shape: the base's with the given layers made latent. */
    public static ModelConfig config(ModelConfig base, List<UpcycledLayer> layers) {
        List<AttentionConfig> attention = new ArrayList<>(base.attention());
        layers.forEach(layer -> attention.set(layer.report().layer(), layer.attention()));
        return base.withAttention(attention);
    }

    /** The student's weights, which the caller closes. */
    public static ParameterStore weights(BaseWeights base, List<UpcycledLayer> layers, DataType type) {
        Map<String, Matrix> made = new TreeMap<>();
        layers.forEach(layer -> made.putAll(layer.tensors()));
        ParameterLayout layout = CausalLm.layout(config(base.config(), layers), name -> true);
        ParameterStore weights = ParameterStore.zeros(layout, type);
        for (String name : layout.places().keySet()) {
            Matrix tensor = made.get(name);
            if (tensor != null) {
                weights.get(name).write(tensor.toDoubles());
            } else {
                weights.get(name).write(base.read(name), 0);
            }
        }
        return weights;
    }

    /** The report on all layers of the student, latent or not. */
    public static InitReport report(ModelConfig base, List<UpcycledLayer> layers, List<String> notes) {
        List<LayerReport> reports = new ArrayList<>();
        for (int l = 0; l < base.numLayers(); l++) {
            reports.add(LayerReport.kept(l, base.attention().get(l).kvElementsPerToken()));
        }
        layers.forEach(layer -> reports.set(layer.report().layer(), layer.report()));
        return new InitReport(reports, notes);
    }
}
