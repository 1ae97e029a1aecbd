using Foretoken.Reports.Traces;

namespace Foretoken.Cli;

/// <summary>What standard output is shown on.</summary>
internal static class Screen
{
    /// <summary>Columns of the terminal; a fixed number where output goes to a file or a pipe.</summary>
    public static int Width
    {
        get
        {
            if (Console.IsOutputRedirected)
            {
                return TraceInspectionReport.PlainWidth;
            }

            try
            {
                return Console.WindowWidth is > 0 and var width ? width : TraceInspectionReport.PlainWidth;
            }
            catch (IOException)
            {
                return TraceInspectionReport.PlainWidth;
            }
        }
    }

    /// <summary>Whether colours are wanted and shown.</summary>
    public static bool HasColour => !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not "dumb";
}
