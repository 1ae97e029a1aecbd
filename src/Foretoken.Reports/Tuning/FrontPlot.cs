using Foretoken.Reports.Terminal;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;

namespace Foretoken.Reports.Tuning;

/// <summary>The front as a plot of characters, over the first two objectives. Shows the neighbourhood of the front and counts what lies beyond.</summary>
internal static class FrontPlot
{
    private const int Rows = 15;

    /// <summary>Draws it; nothing where there are fewer than two objectives or points.</summary>
    public static void Write(TuningResult result, TextWriter to, int width, Ink ink)
    {
        if (result.Objectives.Count < 2)
        {
            return;
        }

        var points = Points(result);
        var front = points.FindAll(p => p.Candidate.OnFront);
        var focus = front.Count > 0 ? front : points;
        if (points.Count < 2)
        {
            return;
        }

        var (x, y) = (Range(result.Objectives[0], focus, points, p => p.X), Range(result.Objectives[1], focus, points, p => p.Y));
        var (yLow, yHigh) = (MeasureText.Value(result.Objectives[1].Measure, y.Low), MeasureText.Value(result.Objectives[1].Measure, y.High));
        var margin = Math.Max(yLow.Length, yHigh.Length) + 1;
        var columns = Math.Min(width - margin - 2, 100);
        var cells = new char[Rows, columns];
        var outside = 0;
        foreach (var point in points)
        {
            if (point.X < x.Low || point.X > x.High || point.Y < y.Low || point.Y > y.High)
            {
                outside++;
                continue;
            }

            var column = (int)Math.Round((point.X - x.Low) / (x.High - x.Low) * (columns - 1));
            var row = Rows - 1 - (int)Math.Round((point.Y - y.Low) / (y.High - y.Low) * (Rows - 1));
            var mark = point.Candidate.Number == result.Recommendation?.Candidate ? '*' : point.Candidate.OnFront ? 'o' : point.Candidate.Violation == 0 ? ':' : '.';
            if (Weight(mark) > Weight(cells[row, column]))
            {
                cells[row, column] = mark;
            }
        }

        to.WriteLine();
        to.WriteLine(ink.Bold(Cut($"{MeasureText.ShortName(result.Objectives[1].Measure)} over {MeasureText.ShortName(result.Objectives[0].Measure)}", width)));
        for (var row = 0; row < Rows; row++)
        {
            var label = row == 0 ? yHigh : row == Rows - 1 ? yLow : "";
            to.WriteLine(ink.Dim(label.PadLeft(margin - 1) + " |") + Line(cells, row, columns, ink));
        }

        to.WriteLine(ink.Dim(new string(' ', margin) + "+" + new string('-', columns)));
        var (xLow, xHigh) = (MeasureText.Value(result.Objectives[0].Measure, x.Low), MeasureText.Value(result.Objectives[0].Measure, x.High));
        to.WriteLine(ink.Dim(new string(' ', margin + 1) + xLow + xHigh.PadLeft(Math.Max(xHigh.Length + 1, columns - xLow.Length))));
        var legend = (result.Recommendation is { MeetsSlo: true } ? "* recommended" : "* nearest") + (front.Count > 0 ? ", o front, : keeps the SLO" : "") + ", . misses it" + (outside > 0 ? $"; {Human.Number(outside, 0)} lie beyond the edges" : "");
        Hardware.Paragraph.Write(to, legend, width);
    }

    private static List<Point> Points(TuningResult result)
    {
        var points = new List<Point>();
        foreach (var candidate in result.Candidates)
        {
            if (candidate.State == CandidateState.Finished && double.IsFinite(candidate.Objectives[0].Value) && double.IsFinite(candidate.Objectives[1].Value))
            {
                points.Add(new Point(candidate, candidate.Objectives[0].Value, candidate.Objectives[1].Value));
            }
        }

        return points;
    }

    // From the best there is to half the front's width beyond its worst, so that far outliers do not squeeze it.
    private static (double Low, double High) Range(Objective objective, List<Point> focus, List<Point> points, Func<Point, double> of)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity, allLow = double.PositiveInfinity, allHigh = double.NegativeInfinity;
        foreach (var point in focus)
        {
            low = Math.Min(low, of(point));
            high = Math.Max(high, of(point));
        }

        foreach (var point in points)
        {
            allLow = Math.Min(allLow, of(point));
            allHigh = Math.Max(allHigh, of(point));
        }

        var more = Math.Max((high - low) / 2, 0.05 * Math.Max(Math.Abs(low), Math.Abs(high)));
        (low, high) = objective.Maximise ? (Math.Max(low - more, allLow), Math.Max(high, Math.Min(allHigh, high + more))) : (Math.Min(low, Math.Max(allLow, low - more)), Math.Min(high + more, allHigh));
        return high > low ? (low, high) : (low - Math.Max(1e-9, Math.Abs(low) * 0.1), high + Math.Max(1e-9, Math.Abs(high) * 0.1));
    }

    private static int Weight(char mark) => mark switch { '*' => 4, 'o' => 3, ':' => 2, '.' => 1, _ => 0 };

    private static string Line(char[,] cells, int row, int columns, Ink ink)
    {
        var line = new System.Text.StringBuilder();
        var end = columns;
        while (end > 0 && cells[row, end - 1] == '\0')
        {
            end--;
        }

        for (var column = 0; column < end; column++)
        {
            var mark = cells[row, column];
            line.Append(mark switch { '\0' => " ", '*' => ink.Good("*"), 'o' => ink.Bold("o"), '.' => ink.Dim("."), _ => mark.ToString() });
        }

        return line.ToString();
    }

    private static string Cut(string text, int width) => text.Length <= width ? text : text[..width];

    private sealed record Point(CandidateResult Candidate, double X, double Y);
}
