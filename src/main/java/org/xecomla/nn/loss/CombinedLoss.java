package org.xecomla.nn.loss;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * The sum of several losses of the same positions, each of its own weight: those of one temperature share a softmax,
 * those of another take a copy of the logits. Legend: N positions, V vocabulary.
 */
public record CombinedLoss(List<TokenLoss> losses) implements TokenLoss {
    public CombinedLoss {
        losses = List.copyOf(losses);
        if (losses.stream().mapToInt(TokenLoss::numRows).distinct().count() != 1) {
            throw new IllegalArgumentException("losses of other positions cannot be added: "
                    + losses.stream().map(TokenLoss::numRows).toList());
        }
    }

    @Override
    public int numRows() {
        return losses.get(0).numRows();
    }

    @Override
    public CombinedLoss rows(int from, int to) {
        return new CombinedLoss(losses.stream().map(loss -> loss.rows(from, to)).toList());
    }

    @Override
    public LossSums apply(Tensor logits, boolean backward, Kernels kernels, Arena arena) {
        long mark = arena.mark();
        List<List<SoftmaxLoss>> groups = List.copyOf(byTemperature().values());
        List<Tensor> dLogits = new ArrayList<>(); // (N, V) each
        for (int g = 1; g < groups.size(); g++) {
            Tensor copy = arena.matrix(logits.rows(), logits.cols()); // (N, V)
            kernels.elementwise().copy(logits, copy); // (N, V)
            dLogits.add(copy);
        }
        LossSums sums = SoftmaxRows.apply(groups.get(0), logits, backward, kernels, arena); // (N, V)
        for (int g = 1; g < groups.size(); g++) {
            Tensor dCopy = dLogits.get(g - 1); // (N, V)
            sums = sums.plus(SoftmaxRows.apply(groups.get(g), dCopy, backward, kernels, arena)); // (N, V)
            if (backward) {
                // forward was: the sum of the groups' losses, all of the same logits
                kernels.elementwise().axpy(1, dCopy, logits); // (N, V)
            }
        }
        arena.release(mark);
        return sums;
    }

    private Map<Double, List<SoftmaxLoss>> byTemperature() {
        Map<Double, List<SoftmaxLoss>> groups = new LinkedHashMap<>();
        for (TokenLoss loss : losses) {
            if (loss instanceof CombinedLoss combined) {
                combined.byTemperature()
                        .forEach((temperature, some) -> groups.computeIfAbsent(temperature, t -> new ArrayList<>())
                                .addAll(some));
            } else {
                SoftmaxLoss one = (SoftmaxLoss) loss;
                groups.computeIfAbsent(one.temperature(), t -> new ArrayList<>())
                        .add(one);
            }
        }
        return groups;
    }
}
