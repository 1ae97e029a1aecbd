using Foretoken.Quantities;

namespace Foretoken.Tuning.Search;

/// <summary>
/// Interpolation by kernels (kriging with a Matern kernel of smoothness 3/2): a weighted sum of the known outputs' deviations
/// from their mean, the weights solved so that the known points come out nearly as they are. Knobs are scaled to [0, 1]; choices
/// without order are all equally far from each other.
/// </summary>
internal sealed class Kriging
{
    private const int TableSteps = 128;
    private const int TableReach = 100;
    private static readonly double[] Table = MakeTable();
    private readonly SearchSpace _space;
    private readonly double[] _scale;
    private readonly double _length;
    private readonly double[][] _known;
    private readonly double[][] _weights;
    private readonly double[] _mean;

    private Kriging(SearchSpace space, double[] scale, double length, double[][] known, double[][] weights, double[] mean)
    {
        _space = space;
        _scale = scale;
        _length = length;
        _known = known;
        _weights = weights;
        _mean = mean;
    }

    /// <summary>How far a point's influence reaches, in mean distances between known points.</summary>
    private const double Reach = 1;

    /// <summary>Share of the variance that is taken for noise: keeps the equations well-conditioned where points lie close together.</summary>
    private const double Noise = 1e-3;

    /// <summary>Learns from points and their outputs.</summary>
    public static Kriging Learn(SearchSpace space, IReadOnlyList<int[]> points, double[][] outputs)
    {
        var n = points.Count;
        var scale = new double[space.Dimensions.Count];
        double spread = 0;
        for (var d = 0; d < scale.Length; d++)
        {
            var dimension = space.Dimensions[d];
            scale[d] = !dimension.Ordered || dimension.Size == 1 ? 0 : 1 / (dimension.PositionOf(dimension.Size - 1) - dimension.PositionOf(0));
        }

        var known = new double[n][];
        for (var i = 0; i < n; i++)
        {
            known[i] = Place(space, scale, points[i]);
        }

        var pairs = 0;
        for (var i = 1; i < n; i += 7)
        {
            for (var j = 0; j < i; j += 5)
            {
                spread += Math.Sqrt(Squared(space, known[i], known[j]));
                pairs++;
            }
        }

        var length = pairs == 0 || spread == 0 ? 1 : Reach * spread / pairs;
        var kernel = new double[n][];
        for (var i = 0; i < n; i++)
        {
            kernel[i] = new double[i + 1];
            for (var j = 0; j < i; j++)
            {
                kernel[i][j] = Kernel(Squared(space, known[i], known[j]) / (length * length));
            }

            kernel[i][i] = 1 + Noise;
        }

        Factorise(kernel);
        var width = outputs[0].Length;
        var mean = new double[width];
        var weights = new double[width][];
        for (var o = 0; o < width; o++)
        {
            foreach (var row in outputs)
            {
                mean[o] += row[o] / n;
            }

            var deviations = new double[n];
            for (var i = 0; i < n; i++)
            {
                deviations[i] = outputs[i][o] - mean[o];
            }

            weights[o] = Solve(kernel, deviations);
        }

        return new Kriging(space, scale, length, known, weights, mean);
    }

    /// <summary>The guess for a point, output by output.</summary>
    public void Predict(int[] point, Span<double> guess)
    {
        var place = Place(_space, _scale, point);
        _mean.AsSpan(0, guess.Length).CopyTo(guess);
        for (var i = 0; i < _known.Length; i++)
        {
            var kernel = Kernel(Squared(_space, place, _known[i]) / (_length * _length));
            for (var k = 0; k < guess.Length; k++)
            {
                guess[k] += _weights[k][i] * kernel;
            }
        }
    }

    /// <summary>Cholesky's factor of a symmetric positive definite matrix (lower triangle), in place.</summary>
    private static void Factorise(double[][] matrix)
    {
        for (var i = 0; i < matrix.Length; i++)
        {
            var row = matrix[i];
            for (var j = 0; j <= i; j++)
            {
                var other = matrix[j];
                var sum = row[j];
                for (var k = 0; k < j; k++)
                {
                    sum -= row[k] * other[k];
                }

                row[j] = i == j ? Math.Sqrt(Math.Max(sum, 1e-12)) : sum / other[j];
            }
        }
    }

    /// <summary>Solves for the vector that the factorised matrix turns into this one, in place.</summary>
    private static double[] Solve(double[][] factor, double[] vector)
    {
        for (var i = 0; i < vector.Length; i++)
        {
            for (var k = 0; k < i; k++)
            {
                vector[i] -= factor[i][k] * vector[k];
            }

            vector[i] /= factor[i][i];
        }

        for (var i = vector.Length - 1; i >= 0; i--)
        {
            vector[i] /= factor[i][i];
            for (var k = 0; k < i; k++)
            {
                vector[k] -= factor[i][k] * vector[i];
            }
        }

        return vector;
    }

    /// <summary>The kernel (1 + r) exp(-r) of the squared distance in units of the reach, from a table with straight lines between: a root and an exponential per pair would be most of the work.</summary>
    private static double Kernel(double squared)
    {
        var place = squared * TableSteps;
        var step = (int)place;
        return step >= Table.Length - 1 || place >= Table.Length ? 0 : Table[step] + ((place - step) * (Table[step + 1] - Table[step]));
    }

    private static double[] MakeTable()
    {
        var table = new double[TableReach * TableSteps];
        for (var i = 0; i < table.Length; i++)
        {
            var distance = Math.Sqrt((double)i / TableSteps);
            table[i] = (1 + distance) * DeterministicMath.Exp(-distance);
        }

        return table;
    }

    private static double[] Place(SearchSpace space, double[] scale, int[] point)
    {
        var place = new double[point.Length];
        for (var d = 0; d < place.Length; d++)
        {
            place[d] = space.Dimensions[d].Ordered ? space.Dimensions[d].PositionOf(point[d]) * scale[d] : point[d];
        }

        return place;
    }

    private static double Squared(SearchSpace space, double[] a, double[] b)
    {
        double sum = 0;
        for (var d = 0; d < a.Length; d++)
        {
            var gap = a[d] - b[d];
            sum += space.Dimensions[d].Ordered ? gap * gap : gap == 0 ? 0 : 0.5;
        }

        return sum;
    }
}
