using Foretoken.Quantities;

namespace Foretoken.Tuning.Search;

/// <summary>How often each operator is used: in proportion to how often its points joined the front of late, and never below a twentieth.</summary>
internal sealed class OperatorCredit
{
    private const double Forget = 0.99;
    private const double Floor = 0.05;
    private readonly double[] _tried = new double[7];
    private readonly double[] _joined = new double[7];
    private readonly double[] _picked = [10, 5, 5];
    private readonly double[] _succeeded = [1, 2, 2];

    /// <param name="aims">Whether any child is chosen to reach beyond what is there.</param>
    public OperatorCredit(bool aims)
    {
        if (!aims)
        {
            _picked = [10, 0, 10];
            _succeeded = [1, 0, 4];
        }

        for (var i = 0; i < _tried.Length; i++)
        {
            (_tried[i], _joined[i]) = (10, i == (int)Operator.Random ? 0.2 : 2);
        }
    }

    /// <summary>
    /// Share of a batch that the model may choose: as its choices and the unscreened ones succeed, between 0.3 and 0.85, so that
    /// neither a wrong model can lead the search astray for good nor a few lucky draws put a good one aside.
    /// </summary>
    public double Screened
    {
        get
        {
            var chosen = (_succeeded[(int)Pick.Beyond] + _succeeded[(int)Pick.Apart]) / (_picked[(int)Pick.Beyond] + _picked[(int)Pick.Apart]);
            return Math.Clamp(chosen / (chosen + (_succeeded[(int)Pick.Chance] / _picked[(int)Pick.Chance])), 0.3, 0.85);
        }
    }

    /// <summary>Share of the model's choices that are to reach beyond what is there, rather than lie apart from it: as either succeeds, between a quarter and three quarters.</summary>
    public double Beyond
    {
        get
        {
            var beyond = _succeeded[(int)Pick.Beyond] / _picked[(int)Pick.Beyond];
            var apart = _succeeded[(int)Pick.Apart] / _picked[(int)Pick.Apart];
            return beyond + apart == 0 ? 0.5 : Math.Clamp(beyond / (beyond + apart), 0.25, 0.75);
        }
    }

    public void Note(Operator origin, Pick pick, bool joined)
    {
        _picked[(int)pick] = (_picked[(int)pick] * Forget) + 1;
        _succeeded[(int)pick] = (_succeeded[(int)pick] * Forget) + (joined ? 1 : 0);
        var i = (int)origin;
        _tried[i] = (_tried[i] * Forget) + 1;
        _joined[i] = (_joined[i] * Forget) + (joined ? 1 : 0);
    }

    public Operator Choose(ref RandomStream random)
    {
        double sum = 0;
        for (var i = 0; i < _tried.Length; i++)
        {
            sum += _joined[i] / _tried[i];
        }

        var u = random.NextDouble();
        for (var i = 0; i < _tried.Length; i++)
        {
            var share = sum > 0 ? _joined[i] / _tried[i] / sum : 1.0 / _tried.Length;
            u -= Floor + ((1 - (Floor * _tried.Length)) * share);
            if (u < 0)
            {
                return (Operator)i;
            }
        }

        return Operator.Mutation;
    }
}
