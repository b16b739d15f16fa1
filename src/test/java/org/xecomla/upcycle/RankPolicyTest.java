package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.config.UpcycleConfig.EnergyRounding;
import org.xecomla.files.DataFiles;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.BaseWeights;
import org.xecomla.upcycle.base.RankPolicy;

class RankPolicyTest {
    private static final Matrix SQUARES_4_3_2_1 = Matrix.of(1, 4, 2, Math.sqrt(3), Math.sqrt(2), 1);

    @ParameterizedTest
    @CsvSource({"0.4,1", "0.41,2", "0.7,2", "0.71,3", "0.9,3", "1.0,4", "0.001,1"})
    void thePaperTakesTheSmallestRankThatKeepsTheShare(double share, int rank) {
        assertEquals(rank, new RankPolicy.Energy(share, EnergyRounding.PAPER).rank(SQUARES_4_3_2_1));
    }

    @Test
    void theCodeRoundsUpToEightAndNeverAboveThePossible() {
        Matrix ones = Matrix.build(1, 20, (r, c) -> 1);
        assertEquals(8, new RankPolicy.Energy(0.01, EnergyRounding.CODE).rank(ones));
        assertEquals(8, new RankPolicy.Energy(0.42, EnergyRounding.CODE).rank(ones));
        assertEquals(16, new RankPolicy.Energy(0.47, EnergyRounding.CODE).rank(ones));
        assertEquals(20, new RankPolicy.Energy(0.97, EnergyRounding.CODE).rank(ones));
        assertEquals(4, new RankPolicy.Energy(0.5, EnergyRounding.CODE).rank(SQUARES_4_3_2_1));
    }

    @Test
    void fixedRanksAndWeightsOfZeroHaveTheirRank() {
        assertEquals(3, new RankPolicy.Fixed(3).rank(SQUARES_4_3_2_1));
        assertEquals(4, new RankPolicy.Fixed(9).rank(SQUARES_4_3_2_1));
        assertEquals(1, new RankPolicy.Energy(0.9, EnergyRounding.PAPER).rank(Matrix.zeros(1, 4)));
    }

    @Test
    void ranksAreThoseOfTheFixture() throws IOException {
        JsonNode expected;
        try (InputStream in = DataFiles.openStream(new Path(Goldens.path("ranks"), "expected.json"))) {
            expected = new ObjectMapper().readTree(in);
        }
        BaseWeights base = Goldens.model(expected.get("base").asText());
        int compared = 0;
        for (int l = 0; l < base.config().numLayers(); l++) {
            BaseAttention layer = base.attention(l);
            Matrix query = LinearAlgebra.svd(layer.query()).singularValues();
            Matrix kv =
                    LinearAlgebra.svd(Matrix.stack(layer.key(), layer.value())).singularValues();
            compared += compare(query, expected.get("ranks").get(l + ".q"));
            compared += compare(kv, expected.get("ranks").get(l + ".kv"));
        }
        assertEquals(2 * 3 * 5, compared);
    }

    private static int compare(Matrix singularValues, JsonNode shares) {
        int compared = 0;
        for (Iterator<Map.Entry<String, JsonNode>> it = shares.fields(); it.hasNext(); compared++) {
            Map.Entry<String, JsonNode> entry = it.next();
            double share = Double.parseDouble(entry.getKey());
            int paper = entry.getValue().get("paper").asInt();
            int code = entry.getValue().get("code_before_rounding").asInt();
            assertEquals(paper, new RankPolicy.Energy(share, EnergyRounding.PAPER).rank(singularValues));
            int rounded = Math.min((code + 7) / 8 * 8, singularValues.cols());
            assertEquals(rounded, new RankPolicy.Energy(share, EnergyRounding.CODE).rank(singularValues));
            assertEquals(code, RankPolicy.Energy.numWithin(singularValues, share));
        }
        return compared;
    }
}
