namespace Foretoken.Cli;

/// <summary>What the process tells the shell.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The command ran and its answer is "no": scenarios unequal, a check not met.</summary>
    public const int CheckFailed = 1;

    /// <summary>The input cannot be used; every problem was printed.</summary>
    public const int BadInput = 2;

    /// <summary>The search ended, and nothing that it tried keeps the SLO; the nearest were printed.</summary>
    public const int NothingMeetsSlo = 3;

    /// <summary>A bug of ours: an invariant broke. The output names the command that repeats it.</summary>
    public const int Bug = 70;

    /// <summary>Interrupted; what was finished was printed and marked partial.</summary>
    public const int Interrupted = 130;
}
